import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";
import { openPassiveIpv4 } from "../transfer/passive-replies.ts";

/** PASV for server-to-server transfers: this server takes the TLS client role on the next data connection (R-FXP-02). */
export const cpsv: CommandHandler<"CPSV"> = (context) => {
  if (context.environment.options.fxp?.certificateAuthorities === undefined) {
    return { reply: reply(534, "No authority is known that vouches for other servers.") };
  }
  return context.state.protectionLevel === "P"
    ? openPassiveIpv4(context, "client")
    : { reply: reply(503, "PROT P comes first.") };
};
