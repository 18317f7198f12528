import { type Octets, reply } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import { withPath } from "../../command-handler.ts";
import type { SiteHandler } from "./site-handler.ts";

/** Sets read, write and execute bits; setuid, setgid and sticky cannot be set (R-SITE-01). */
export const siteChmod: SiteHandler = (context, argument) => {
  const match = /^0?([0-7]{3}) (.+)$/s.exec(argument);
  if (match === null) return { reply: reply(501, "SITE CHMOD takes an octal mode and a pathname.") };
  return withPath(context, match[2] as Octets, async (path, { storage }) => {
    if (storage.setAttributes === undefined) throw new StorageError("unsupported", "the storage has no modes");
    await storage.setAttributes(path, { mode: Number.parseInt(match[1] as string, 8) });
    context.emit({ kind: "changed", change: "attributes-set", path });
    return { reply: reply(200, "The mode is set.") };
  });
};
