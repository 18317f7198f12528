import { formatEntryLine, multiLineReply, reply } from "@sallyport/protocol";
import { type CommandHandler, withPath } from "../command-handler.ts";
import { factEntry } from "../listing/fact-entry.ts";

/** RFC 3659 §7: one entry on the control connection, its path fully qualified (R-3659-11). */
export const mlst: CommandHandler<"MLST"> = (context, pathname) =>
  withPath(context, pathname, async (path, login) => {
    const entry = await login.storage.stat(path);
    const line = formatEntryLine(context.state.facts, { ...factEntry(context, login, path, entry), name: path });
    return {
      reply:
        line === undefined ? reply(550, "That name cannot be shown.") : multiLineReply(250, "Facts:", [line], "End"),
    };
  });
