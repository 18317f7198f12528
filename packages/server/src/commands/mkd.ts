import { quotePath, replyOctets } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

export const mkd: CommandHandler<"MKD"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    await storage.makeDirectory(path);
    context.emit({ kind: "changed", change: "directory-made", path });
    return { reply: replyOctets(257, quotePath(path), " created.") };
  });
