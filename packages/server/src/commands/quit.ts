import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const quit: CommandHandler<"QUIT"> = () => ({ reply: reply(221, "Good-bye.") });
