import { reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";
import { asciiSize } from "../transfer/ascii-measure.ts";

/**
 * RFC 3659 §4: the exact number of octets that a transfer with the present parameters would send (R-3659-04). The
 * owner's interrupted upload answers too, so that clients find where to go on.
 */
export const size: CommandHandler<"SIZE"> = (context, pathname) =>
  withPath(context, pathname, async (path, { storage }) => {
    const { type, structure, mode } = context.state.parameters;
    const entry = await storage.stat(path, { followLinks: true });
    if (entry.type !== "file") return { reply: reply(550, "Not a file.") };
    if (structure !== "F" || mode !== "S") return { reply: reply(550, "The size is known in STRU F and MODE S.") };
    if (type === "I" || entry.incomplete === true) return { reply: reply(213, String(entry.sizeBytes)) };
    const counted = await asciiSize(storage, path, context);
    return {
      reply: counted === undefined ? reply(550, "Too large to count; use TYPE I.") : reply(213, String(counted)),
    };
  });
