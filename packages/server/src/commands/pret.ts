import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Matters to servers that spread over machines; here any address fits any file. */
export const pret: CommandHandler<"PRET"> = () => ({ reply: reply(200, "Noted.") });
