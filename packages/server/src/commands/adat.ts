import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** No security mechanism with data exchange is loaded, so none can be in progress (R-2228-05). */
export const adat: CommandHandler<"ADAT"> = () => ({
  reply: reply(503, "AUTH with a mechanism that uses ADAT comes first."),
});
