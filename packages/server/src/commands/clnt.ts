import { displayOctets, reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Kept for STAT and the log, escaped; nothing is ever decided by it (R-CLNT-01). */
export const clnt: CommandHandler<"CLNT"> = (_context, name) => ({
  reply: reply(200, "Noted."),
  changes: { clientName: displayOctets(name).slice(0, 128) },
});
