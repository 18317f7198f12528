import { formatTimeValue, reply, replyOctets } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";

/** RFC 3659 §3: the argument is a name and nothing else, also where it begins with 14 digits (R-3659-03). */
export const mdtm: CommandHandler<"MDTM"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    const { modifiedMs } = await storage.stat(path, { followLinks: true });
    const time = formatTimeValue(modifiedMs);
    return { reply: time === undefined ? reply(550, "The time is not known.") : replyOctets(213, time) };
  });
