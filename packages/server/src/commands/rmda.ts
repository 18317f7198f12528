import { reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";
import { removeTree } from "../listing/walk.ts";

/** draft-peterson-streamlined-ftp-command-extensions; off by default, bounded, never through a link (R-STRM-01). */
export const rmda: CommandHandler<"RMDA"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    if (path === "/") return { reply: reply(550, "The root stays.") };
    const complete = await removeTree(storage, path, context);
    context.emit({ kind: "changed", change: "directory-removed", path });
    return { reply: complete ? reply(250, "Removed.") : reply(550, "The tree is too large; part of it was removed.") };
  });
