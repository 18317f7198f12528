import { buildCommand, type CommandContext } from "@stricli/core";
import { parseText } from "../flags.ts";
import { fxpFlags, type FxpFlags } from "../fxp-flags.ts";

export const fxpCommand = buildCommand({
  docs: {
    brief: "Copy files from one server to another",
    fullDescription: [
      "Copies what the first URL names to what the second names, on another server or the same. Files go directly from",
      "server to server where the two can do that under TLS (SSCN or CPSV); where they cannot, or one of them refuses,",
      "they come through here as they are read, with nothing kept on disk. A file gets its name on the target when it is",
      "whole and of the right size. A URL that ends with a slash names a directory, on the target also one to be made.",
      "",
      "  sallyport fxp ftpes://alice@old.example.org/big.iso ftpes://alice@new.example.org/pub/",
      "  sallyport fxp ftp://bob@nas.example.org/photos ftpes://alice@new.example.org/ --recursive --from-plain",
      "  sallyport fxp 'ftps://a@one.example.org/logs/*.gz' ftps://b@two.example.org/logs/ --mode direct",
      "",
      "SALLYPORT_FROM_PASSWORD and SALLYPORT_TO_PASSWORD are the two servers' passwords; SALLYPORT_PASSWORD counts for both",
      "where they are one host. --password-stdin reads two lines, the source's first.",
      "",
      "--json writes one object a line for each file: from, to, outcome, bytes, resumedFrom, verified, route (kind direct",
      "or relay, with why), durationMs; for each failure one with error; and at the end summary, as sallyport get does.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "What is copied", placeholder: "FROM", parse: parseText },
        { brief: "Where to", placeholder: "TO", parse: parseText },
      ],
    },
    flags: fxpFlags,
    aliases: { r: "recursive" },
  },
  async func(this: CommandContext, flags: FxpFlags, from: string, to: string) {
    const { fxp } = await import("../client/fxp.ts");
    await fxp(this, flags, { from, to });
  },
});
