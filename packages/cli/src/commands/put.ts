import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags } from "../client-flags.ts";
import { parseText, switchFlag } from "../flags.ts";
import { transferFlags } from "../transfer-flags.ts";
import type { PutFlags } from "../client/put.ts";

export const putCommand = buildCommand({
  docs: {
    brief: "Upload files and directories",
    fullDescription: [
      "Uploads local files, - for standard input, to the URL that stands last. A URL that ends with a slash names a directory,",
      "which is made where it is missing. A file gets its name on the server when everything is there, where the server can",
      "rename. A local directory that is named with a slash at its end gives its content, one without gives itself.",
      "",
      "  sallyport put report.pdf ftpes://alice@ftp.example.org/in/",
      "  sallyport put site/ ftpes://alice@ftp.example.org/www/ --recursive",
      "  mysqldump shop | gzip | sallyport put - ftps://alice@ftp.example.org/backup/shop.sql.gz",
      "",
      "--json writes what sallyport get --json does.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "array",
      minimum: 2,
      parameter: {
        brief: "Files to upload, and last the URL to upload to",
        placeholder: "FILE… URL",
        parse: parseText,
      },
    },
    flags: {
      recursive: switchFlag("Upload directories with all that is in them"),
      ...transferFlags,
      ...clientFlags,
    },
    aliases: { r: "recursive" },
  },
  async func(this: CommandContext, flags: PutFlags, ...words: string[]) {
    const { put } = await import("../client/put.ts");
    await put(this, flags, words);
  },
});
