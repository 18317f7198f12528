import type { CommandHandler } from "../command-handler.ts";
import { openActive } from "../transfer/active-replies.ts";

/** RFC 2428 §2; the endpoint is judged before it is remembered (S-06). */
export const eprt: CommandHandler<"EPRT"> = (context, endpoint) => openActive(context, endpoint);
