import { reply } from "@sallyport/protocol";
import { withPath } from "../../command-handler.ts";
import type { SiteHandler } from "./site-handler.ts";
import { removeTree } from "../../listing/walk.ts";

/** Removes a directory with its content, as RMDA does. */
export const siteRmdir: SiteHandler = (context, argument) =>
  withPath(context, argument, async (path, { storage }) => {
    if (path === "/") return { reply: reply(550, "The root stays.") };
    const complete = await removeTree(storage, path, context);
    context.emit({ kind: "changed", change: "directory-removed", path });
    return { reply: complete ? reply(250, "Removed.") : reply(550, "The tree is too large; part of it was removed.") };
  });
