import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";
import { openPassiveIpv4 } from "../passive-replies.ts";

/** PASV for server-to-server transfers: this server takes the TLS client role on the next data connection (R-FXP-02). */
export const cpsv: CommandHandler<"CPSV"> = (context) =>
  context.state.protectionLevel === "P"
    ? openPassiveIpv4(context, "client")
    : { reply: reply(503, "PROT P comes first.") };
