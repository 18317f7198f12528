import { reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

/** draft-peterson-streamlined-ftp-command-extensions: octets that could still be stored, quota and disk taken together. */
export const avbl: CommandHandler<"AVBL"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    const entry = await storage.stat(path);
    if (entry.type !== "directory") return { reply: reply(550, "Not a directory.") };
    const octets = await storage.freeSpaceBytes?.(path);
    if (octets === undefined || !Number.isFinite(octets)) return { reply: reply(550, "The free space is not known.") };
    return { reply: reply(213, String(Math.max(0, Math.floor(octets)))) };
  });
