import type { CommandHandler } from "../command-handler.ts";
import { openPassiveIpv4 } from "../transfer/passive-replies.ts";

/** RFC 959 §4.1.2; IPv4 alone, an IPv6 connection is sent to EPSV (R-DATA-03). */
export const pasv: CommandHandler<"PASV"> = (context) => openPassiveIpv4(context);
