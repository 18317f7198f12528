import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Nothing is reserved; the announced size proves the end of the next upload where TLS or TCP does not. */
export const allo: CommandHandler<"ALLO"> = (_context, announcedBytes) => ({
  reply: reply(202, "No allocation is needed."),
  changes: { announcedBytes },
});
