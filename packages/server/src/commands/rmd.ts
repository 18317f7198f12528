import { isWithin, reply, rootPath } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

export const rmd: CommandHandler<"RMD"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    if (path === "/") return { reply: reply(550, "The root stays.") };
    await storage.removeDirectory(path);
    context.emit({ kind: "changed", change: "directory-removed", path });
    const { workingDirectory } = context.state;
    return {
      reply: reply(250, "Removed."),
      changes: isWithin(workingDirectory, path) ? { workingDirectory: rootPath } : {},
    };
  });
