import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

export const noop: CommandHandler<"NOOP"> = () => ({ reply: reply(200, "Nothing was done.") });
