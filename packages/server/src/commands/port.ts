import type { CommandHandler } from "../command-handler.ts";
import { openActive } from "../transfer/active-replies.ts";

/** RFC 959 §4.1.2; the endpoint is judged before it is remembered (S-06). */
export const port: CommandHandler<"PORT"> = (context, endpoint) => openActive(context, endpoint);
