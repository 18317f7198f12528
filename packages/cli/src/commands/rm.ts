import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags } from "../client-flags.ts";
import { switchFlag } from "../flags.ts";
import type { RmFlags } from "../client/changes.ts";

export const rmCommand = buildCommand({
  docs: {
    brief: "Remove files and directories of a server",
    fullDescription: [
      "Removes the files and empty directories that the URLs name, with --recursive also directories with all that is in",
      "them. Links are removed and never followed. The root and the login directory stay.",
      "",
      "  sallyport rm 'ftpes://alice@ftp.example.org/logs/*.gz' --dry-run",
      "",
      "--json writes one object a line: removed, a path.",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      recursive: switchFlag("Remove directories with all that is in them"),
      dryRun: switchFlag("Say what would be removed, and remove nothing"),
      ...clientFlags,
    },
    aliases: { r: "recursive", n: "dryRun" },
  },
  async func(this: CommandContext, flags: RmFlags, ...urls: string[]) {
    const { rm } = await import("../client/changes.ts");
    await rm(this, flags, urls);
  },
});
