import { buildCommand, type CommandContext } from "@stricli/core";
import { urlsParameter } from "../client/url-argument.ts";
import { clientFlags } from "../client-flags.ts";
import { parseCount, switchFlag } from "../flags.ts";
import type { TreeFlags } from "../client/tree.ts";

export const treeCommand = buildCommand({
  docs: {
    brief: "Draw directories of a server as a tree",
    fullDescription: [
      "Draws what lies below the URLs, with sizes. Links are not followed.",
      "",
      "  sallyport tree ftpes://alice@ftp.example.org/www --depth 2",
      "",
      "--json writes one object a line for each entry, as sallyport ls --json does, with its depth.",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      depth: {
        kind: "parsed",
        parse: parseCount,
        brief: "Levels to go down (default: all)",
        placeholder: "N",
        optional: true,
      },
      bytes: switchFlag("Write sizes as exact numbers of octets"),
      ...clientFlags,
    },
  },
  async func(this: CommandContext, flags: TreeFlags, ...urls: string[]) {
    const { tree } = await import("../client/tree.ts");
    await tree(this, flags, urls);
  },
});
