import { type Octets, parseTimeValue, reply } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import { type CommandContext, type Outcome, withPath } from "../../command-handler.ts";
import type { SiteHandler } from "./site-handler.ts";

/** Two forms are in use: `time path`, seconds optional, and `path atime mtime ctime UTC` (R-SITE-01). */
export const siteUtime: SiteHandler = (context, argument) => {
  const long = /^(.+) (\d{14}) (\d{14}) (\d{14}) UTC$/s.exec(argument);
  if (long !== null) return setTimes(context, long[1] as Octets, long[3] as string, long[2]);
  const short = /^(\d{12}|\d{14}) (.+)$/s.exec(argument);
  if (short === null) return { reply: reply(501, "SITE UTIME takes a time and a pathname.") };
  return setTimes(context, short[2] as Octets, (short[1] as string).padEnd(14, "0"));
};

function setTimes(
  context: CommandContext,
  pathname: Octets,
  modified: string,
  accessed = modified,
): Outcome | Promise<Outcome> {
  const [modifiedMs, accessedMs] = [parseTimeValue(modified), parseTimeValue(accessed)];
  if (modifiedMs === undefined || accessedMs === undefined) return { reply: reply(501, "There is no such time.") };
  return withPath(context, pathname, async (path, { storage }) => {
    if (storage.setAttributes === undefined) throw new StorageError("unsupported", "the storage cannot set times");
    await storage.setAttributes(path, { modifiedMs, accessedMs });
    context.emit({ kind: "changed", change: "attributes-set", path });
    return { reply: reply(200, "The time is set.") };
  });
}
