import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags } from "../client-flags.ts";
import { parseText, switchFlag } from "../flags.ts";
import type { MvFlags } from "../client/changes.ts";

export const mvCommand = buildCommand({
  docs: {
    brief: "Move and rename files on a server",
    fullDescription: [
      "Moves what the URLs name to what the last word names: a path on the same server, or a URL of it. Several, or a last",
      "word that ends with a slash or names a directory that is there, are moved into it.",
      "",
      "  sallyport mv ftpes://alice@ftp.example.org/in/a.csv done/a.csv",
      "  sallyport mv 'ftpes://alice@ftp.example.org/in/*.csv' ftpes://alice@ftp.example.org/done/",
      "",
      "--json writes one object a line: from, to.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "array",
      minimum: 2,
      parameter: { brief: "URLs of what is moved, and last where to", placeholder: "URL… TARGET", parse: parseText },
    },
    flags: {
      noOverwrite: switchFlag("Leave a file alone whose name is taken"),
      ...clientFlags,
    },
  },
  async func(this: CommandContext, flags: MvFlags, ...words: string[]) {
    const { mv } = await import("../client/changes.ts");
    await mv(this, flags, words);
  },
});
