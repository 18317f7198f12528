import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags, type ClientFlags } from "../client-flags.ts";

export const statCommand = buildCommand({
  docs: {
    brief: "Tell what a server knows of files and directories",
    fullDescription: [
      "Tells type, size, time of change, permissions and owner of what the URLs name, as far as the server tells them.",
      "",
      "  sallyport stat ftpes://alice@ftp.example.org/big.iso",
      "",
      "--json writes one object a line, as sallyport ls --json does, with facts: all that MLST told.",
    ].join("\n"),
  },
  parameters: { positional: urlsParameter, flags: { ...clientFlags } },
  async func(this: CommandContext, flags: ClientFlags, ...urls: string[]) {
    const { statUrls } = await import("../client/stat.ts");
    await statUrls(this, flags, urls);
  },
});
