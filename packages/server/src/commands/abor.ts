import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/**
 * Runs when no transfer is left to abort: the transfer that was, has answered 426 by now (RFC 959 §5.4, R-959-61). A
 * listener that waits for its data connection is closed (RFC 2428 §3).
 */
export const abor: CommandHandler<"ABOR"> = ({ data }) => {
  data.discard();
  return { reply: reply(226, "Nothing is being transferred.") };
};
