import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags } from "../client-flags.ts";
import { switchFlag } from "../flags.ts";
import type { MkdirFlags } from "../client/changes.ts";

export const mkdirCommand = buildCommand({
  docs: {
    brief: "Make directories on a server",
    fullDescription: [
      "Makes the directories that the URLs name.",
      "",
      "  sallyport mkdir ftpes://alice@ftp.example.org/www/2026/11 --parents",
      "",
      "--json writes one object a line: made, a path.",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      parents: switchFlag("Make those above, too, and take one that is there already for made"),
      ...clientFlags,
    },
    aliases: { p: "parents" },
  },
  async func(this: CommandContext, flags: MkdirFlags, ...urls: string[]) {
    const { mkdir } = await import("../client/changes.ts");
    await mkdir(this, flags, urls);
  },
});
