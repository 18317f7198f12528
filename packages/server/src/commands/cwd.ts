import { reply, replyOctets, quotePath } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

export const cwd: CommandHandler<"CWD"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    const entry = await storage.stat(path, { followLinks: true });
    if (entry.type !== "directory") return { reply: reply(550, "Not a directory.") };
    return {
      reply: replyOctets(250, "Directory is now ", quotePath(path), "."),
      changes: { workingDirectory: path },
    };
  });
