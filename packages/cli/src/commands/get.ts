import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags } from "../client-flags.ts";
import { parseText, switchFlag } from "../flags.ts";
import { transferFlags } from "../transfer-flags.ts";
import type { GetFlags } from "../client/get.ts";

export const getCommand = buildCommand({
  docs: {
    brief: "Download files and directories",
    fullDescription: [
      "Downloads what the URLs name into the current directory, or to --output. A file is whole or is not there: it gets its",
      "name when everything has arrived. A directory that is named with a slash at its end gives its content, one without",
      "gives itself.",
      "",
      "  sallyport get ftpes://alice@ftp.example.org/big.iso --segments 4 --resume",
      "  sallyport get 'ftps://alice@ftp.example.org/logs/*.gz' --output logs/ --parallel 4",
      "  sallyport get ftpes://alice@ftp.example.org/pub/ --recursive --output copy",
      "  sallyport get ftps://alice@ftp.example.org/dump.sql.gz --output - | gunzip",
      "",
      "--json writes one object a line for each file: path, local, written, outcome (done, skipped), bytes,",
      "resumedFrom, verified, durationMs;",
      "for each failure one with error: code, message, exitCode; and at the end summary: files, bytes, skipped, failed,",
      "durationMs.",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      output: {
        kind: "parsed",
        parse: parseText,
        brief: "File to write, directory to write into, or - for standard output",
        placeholder: "PATH",
        optional: true,
      },
      recursive: switchFlag("Download directories with all that is in them"),
      segments: {
        kind: "parsed",
        parse: parseSegments,
        brief: "Parts of one file that are fetched at the same time, each on a connection of its own",
        placeholder: "N",
        optional: true,
      },
      ...transferFlags,
      ...clientFlags,
    },
    aliases: { o: "output", r: "recursive" },
  },
  async func(this: CommandContext, flags: GetFlags, ...urls: string[]) {
    const { get } = await import("../client/get.ts");
    await get(this, flags, urls);
  },
});

function parseSegments(text: string): number {
  const segments = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (segments < 1 || segments > 32) throw new Error("a whole number from 1 to 32");
  return segments;
}
