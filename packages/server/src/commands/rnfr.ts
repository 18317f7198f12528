import { reply } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import { type CommandHandler, withPath } from "../command-handler.ts";

export const rnfr: CommandHandler<"RNFR"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    if (path === "/") return { reply: reply(550, "The root keeps its name.") };
    const { incomplete } = await storage.stat(path);
    if (incomplete === true) throw new StorageError("incomplete", path);
    return { reply: reply(350, "RNTO gives the new name."), changes: { pair: { kind: "rename-from", path } } };
  });
