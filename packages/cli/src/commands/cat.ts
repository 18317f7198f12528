import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags } from "../client-flags.ts";
import { parseOffset } from "../offset.ts";
import type { CatFlags } from "../client/cat.ts";

export const catCommand = buildCommand({
  docs: {
    brief: "Write files of a server to standard output",
    fullDescription: [
      "Writes the files that the URLs name to standard output, one behind the other, as they come.",
      "",
      "  sallyport cat ftpes://alice@ftp.example.org/log.txt | grep error",
      "  sallyport cat ftpes://alice@ftp.example.org/big.iso --start 32768 --end 34816 | xxd",
      "",
      "--json writes one object a line for each piece: path, base64.",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      start: {
        kind: "parsed",
        parse: parseOffset,
        brief: "First octet to write, from 0",
        placeholder: "OFFSET",
        optional: true,
      },
      end: {
        kind: "parsed",
        parse: parseOffset,
        brief: "First octet not to write any more",
        placeholder: "OFFSET",
        optional: true,
      },
      ...clientFlags,
    },
  },
  async func(this: CommandContext, flags: CatFlags, ...urls: string[]) {
    const { cat } = await import("../client/cat.ts");
    await cat(this, flags, urls);
  },
});
