import { childPath, pathComponents, quotePath, replyOctets, rootPath } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import { withPath } from "../../command-handler.ts";
import type { SiteHandler } from "./site-handler.ts";

/** Makes a directory with the parents that are missing. */
export const siteMkdir: SiteHandler = (context, argument) =>
  withPath(context, argument, async (path, { storage }) => {
    let parent = rootPath;
    for (const name of pathComponents(path)) {
      parent = childPath(parent, name);
      try {
        await storage.makeDirectory(parent);
        context.emit({ kind: "changed", change: "directory-made", path: parent });
      } catch (error) {
        if (!(error instanceof StorageError) || error.kind !== "exists") throw error;
      }
    }
    const made = await storage.stat(path, { followLinks: true });
    if (made.type !== "directory") throw new StorageError("exists", "a file has that name");
    return { reply: replyOctets(257, quotePath(path), " created.") };
  });
