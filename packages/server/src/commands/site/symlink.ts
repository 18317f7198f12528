import { type Octets, reply } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import { withPath } from "../../command-handler.ts";
import type { SiteHandler } from "./site-handler.ts";

/** `target path`; the first space separates, so the target cannot hold one. Off by default. */
export const siteSymlink: SiteHandler = (context, argument) => {
  const match = /^([^ ]+) (.+)$/s.exec(argument);
  if (match === null) return { reply: reply(501, "SITE SYMLINK takes a target and a pathname.") };
  return withPath(context, match[2] as Octets, async (path, { storage }) => {
    if (storage.makeSymbolicLink === undefined) throw new StorageError("unsupported", "the storage has no links");
    await storage.makeSymbolicLink(path, match[1] as Octets);
    context.emit({ kind: "changed", change: "linked", path });
    return { reply: reply(200, "The link is made.") };
  });
};
