import { reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

export const dele: CommandHandler<"DELE"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    await storage.remove(path);
    context.emit({ kind: "changed", change: "deleted", path });
    return { reply: reply(250, "Deleted.") };
  });
