import { reply } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/**
 * RFC 4217 §12.3, in the order of D-15: 533 in the clear, 534 while it is off, before login, on implicit connections
 * and where TLS or Kerberos is required; otherwise 200 inside TLS, close_notify both ways, or 200 in a message
 * (R-2228-08), and clear text from then on. Data connections stay at their level.
 */
export const ccc: CommandHandler<"CCC"> = async ({ state, control, limits }) => {
  if (state.control !== "tls" && state.control !== "wrapped")
    return { reply: reply(533, "The control connection is clear.") };
  const refused =
    !state.policy.capabilities.has("ccc") ||
    state.login.kind !== "logged-in" ||
    state.tlsMode === "implicit" ||
    state.policy.requireTlsForLogin ||
    (state.control === "wrapped" && state.policy.requireTlsForData && !state.policy.messagesSuffice) ||
    state.policy.messageSecurity === "require" ||
    state.securityExchangesCount >= limits.securityExchangesCount;
  if (refused) return { reply: reply(534, "The control connection stays protected.") };
  const clear = reply(200, "The control connection is clear from now on.");
  if (state.control === "tls") await control.endTls(clear);
  else control.clearMessages(clear);
  return { changes: { control: "cleared", securityExchangesCount: state.securityExchangesCount + 1 } };
};
