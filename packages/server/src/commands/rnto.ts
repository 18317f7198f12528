import { isWithin, reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

/** Replaces an existing file, as POSIX rename and every peer do; never a directory. */
export const rnto: CommandHandler<"RNTO"> = async (context, pathname) => {
  const { pair } = context.state;
  const changes = { pair: { kind: "none" } } as const;
  if (pair.kind !== "rename-from") return { reply: reply(503, "RNFR comes first."), changes };
  const outcome = await withPath(context, pathname, async (path, { storage }) => {
    if (path === pair.path) return { reply: reply(250, "Renamed.") };
    if (isWithin(path, pair.path)) return { reply: reply(553, "A directory cannot move into itself.") };
    await storage.rename(pair.path, path);
    context.emit({ kind: "changed", change: "renamed", path: pair.path, newPath: path });
    return { reply: reply(250, "Renamed.") };
  });
  return { ...outcome, changes };
};
