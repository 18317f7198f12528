import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const syst: CommandHandler<"SYST"> = () => ({ reply: reply(215, "UNIX Type: L8") });
