import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags, type ClientFlags } from "../client-flags.ts";
import { parseText } from "../flags.ts";

export const chmodCommand = buildCommand({
  docs: {
    brief: "Set permissions of files on a server",
    fullDescription: [
      "Sets the permission bits of what the URLs name, where the server can: MODE is octal, as in 640 or 0755.",
      "",
      "  sallyport chmod 640 ftpes://alice@ftp.example.org/report.pdf",
      "",
      "--json writes one object a line: path, mode.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "array",
      minimum: 2,
      parameter: { brief: "Permission bits in octal, then URLs", placeholder: "MODE URL", parse: parseText },
    },
    flags: { ...clientFlags },
  },
  async func(this: CommandContext, flags: ClientFlags, ...words: string[]) {
    const { chmod } = await import("../client/changes.ts");
    await chmod(this, flags, words);
  },
});
