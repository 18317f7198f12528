import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Range errors appear at the transfer, as RFC 3659 §5 has it; REST 0 takes an earlier REST or RANG back. */
export const rest: CommandHandler<"REST"> = (_context, restart) => ({
  reply: reply(350, "The next transfer begins there."),
  changes: { restart },
});
