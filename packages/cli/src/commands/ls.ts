import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags } from "../client-flags.ts";
import { switchFlag } from "../flags.ts";
import { urlsParameter } from "../client/url-argument.ts";
import type { LsFlags } from "../client/list.ts";

export const lsCommand = buildCommand({
  docs: {
    brief: "List directories of a server",
    fullDescription: [
      "Lists what the URLs name: the content of directories, and files themselves. * ? and [a-z] in a path match within one",
      "name. A time with ? behind it is the server's own, whose zone is not known.",
      "",
      "  sallyport ls ftpes://alice@ftp.example.org/pub",
      "  sallyport ls 'ftps://ftp.example.org/logs/*.gz' --sort size",
      "",
      "--json writes one object a line for each entry: name, path, type (file, directory, link, other), size, modified",
      "(instant, precision, zone), mode, owner, group, and with links target.",
    ].join("\n"),
  },
  parameters: {
    positional: urlsParameter,
    flags: {
      recursive: switchFlag("List what lies below, too"),
      directory: switchFlag("List directories themselves and not what is in them"),
      names: switchFlag("Write paths alone, one a line"),
      bytes: switchFlag("Write sizes as exact numbers of octets"),
      sort: {
        kind: "enum",
        values: ["name", "size", "time", "none"],
        brief: "Order: by name, largest first, newest first, as sent",
        default: "name",
      },
      reverse: switchFlag("Turn the order around"),
      ...clientFlags,
    },
    aliases: { r: "recursive", d: "directory" },
  },
  async func(this: CommandContext, flags: LsFlags, ...urls: string[]) {
    const { list } = await import("../client/list.ts");
    await list(this, flags, urls);
  },
});
