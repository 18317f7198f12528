import { reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";
import { walk } from "../listing/walk.ts";

/** draft-peterson-streamlined-ftp-command-extensions: octets of all files below; links are not followed (R-STRM-01). */
export const dsiz: CommandHandler<"DSIZ"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    const entry = await storage.stat(path);
    if (entry.type !== "directory") return { reply: reply(550, "Not a directory.") };
    let octets = 0;
    for await (const found of walk(storage, path, context)) {
      if (found === "too-many") return { reply: reply(550, "The tree is too large to be counted.") };
      if (found.entry.type === "file") octets += found.entry.sizeBytes;
    }
    return { reply: reply(213, String(octets)) };
  });
