import { octetsFromText, reply, stateAfterAuth } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/**
 * Names of TLS and the protection level of data that each implies. RFC 4217 §17: `TLS` and `TLS-C` start at C;
 * `TLS-P` and the deprecated `SSL` (curl's first word) imply P, as in vsftpd and ProFTPD (D-03).
 */
const mechanisms = new Map([
  ["TLS", "C"],
  ["TLS-C", "C"],
  ["TLS-P", "P"],
  ["SSL", "P"],
] as const);

/** RFC 2228 §3, RFC 4217 §4: 234 in the clear, then nothing but a handshake; all earlier state is wiped (R-4217-04). */
export const auth: CommandHandler<"AUTH"> = async (context, argument) => {
  const { state, control, environment, limits } = context;
  const level = mechanisms.get(argument.toUpperCase() as "TLS");
  if (level === undefined) return { reply: reply(504, "This server knows AUTH TLS.") };
  if (state.control !== "clear") return { reply: reply(534, "The connection is protected already.") };
  if (environment.tls === undefined) return { reply: reply(431, "No certificate is configured.") };
  if (state.securityExchangesCount >= limits.securityExchangesCount) {
    return { reply: reply(421, "Too many changes of security.") };
  }
  if (control.hasPendingInput) {
    control.rejectAttack("clear octets followed AUTH in the same flight");
    return {};
  }
  context.data.discard();
  await control.startTls({ code: 234, lines: [octetsFromText("Ready for the TLS handshake.")] });
  return { changes: stateAfterAuth(state, environment.initialState(control.listener), level) };
};
