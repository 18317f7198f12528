import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/** Confidentiality without integrity is offered by no mechanism of this server. */
export const conf: CommandHandler<"CONF"> = () => ({ reply: reply(502, "CONF is not implemented.") });
