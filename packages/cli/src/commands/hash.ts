import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags } from "../client-flags.ts";
import { parseText, switchFlag } from "../flags.ts";
import type { HashFlags } from "../client/hash.ts";

export const hashCommand = buildCommand({
  docs: {
    brief: "Compute checksums of files on a server",
    fullDescription: [
      "Asks the server for the checksum of the files that the URLs name, and writes it as sha256sum and its relatives do.",
      "Without --algorithm it is the strongest that the server has. --download computes it here, of what is downloaded for it.",
      "",
      "  sallyport hash ftpes://alice@ftp.example.org/big.iso --algorithm SHA-256",
      "",
      "Ends with 1 where the server cannot. --json writes one object a line: path, algorithm, hex, by (server or download).",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      algorithm: {
        kind: "parsed",
        parse: parseText,
        brief: "SHA-512, SHA-256, SHA-1, MD5 or CRC32 (default: the strongest, with --download SHA-256)",
        placeholder: "NAME",
        optional: true,
      },
      download: switchFlag("Compute it here, of what is downloaded for it"),
      ...clientFlags,
    },
  },
  async func(this: CommandContext, flags: HashFlags, ...urls: string[]) {
    const { hash } = await import("../client/hash.ts");
    await hash(this, flags, urls);
  },
});
