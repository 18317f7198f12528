import { buildCommand, type CommandContext } from "@stricli/core";
import { parseText, switchFlag } from "../flags.ts";
import type { ForgetFlags } from "../client/forget.ts";

export const forgetCommand = buildCommand({
  docs: {
    brief: "Forget what is remembered of a server: its key, that it offered TLS, and how it behaves",
    fullDescription: [
      "After --trust-on-first-use a server is held to the key that it had then, and one that offered TLS once is not spoken to",
      "without. When its owner confirms that this changed, forget it: the next connection is a first one. What was found",
      "out about it goes, too: which commands work, in which encoding and zone it lists.",
      "",
      "  sallyport forget ftp.example.org",
      "",
      "Ends with 1 where nothing was remembered.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Host, with its port where that is neither 21 nor 990", placeholder: "HOST[:PORT]", parse: parseText },
      ],
    },
    flags: { json: switchFlag("Write JSON") },
  },
  async func(this: CommandContext, flags: ForgetFlags, server: string) {
    const { forget } = await import("../client/forget.ts");
    await forget(this, flags, server);
  },
});
