import { decodeBase64, formatAdat, reply, replyOctets, stateAfterAuth } from "@sallyport/protocol";
import {
  MessageSecurity,
  type SecurityContext,
  type SecurityContextStep,
  SecurityMechanismError,
  type SecurityMechanismFault,
} from "@sallyport/transport";
import type { CommandContext, CommandHandler, Outcome } from "../command-handler.ts";

/**
 * RFC 2228 §3: a token of the mechanism that AUTH named. 335 with another one while more are needed, 235 with the last
 * one when the exchange is complete, from where on commands travel in messages; 535 where the mechanism refuses, which
 * ends the exchange (R-2228-05).
 */
export const adat: CommandHandler<"ADAT"> = async (context, argument) => {
  const { state, control, limits } = context;
  const { exchange } = control;
  if (state.control !== "exchanging" || exchange === undefined) {
    return { reply: reply(503, "AUTH with a mechanism that uses ADAT comes first.") };
  }
  const token = decodeBase64(argument);
  if (token === undefined) return { reply: reply(501, "The argument is not base64.") };
  try {
    exchange.tokensCount += 1;
    if (exchange.tokensCount > limits.securityTokensCount) return refuse(context, "the exchange has no end");
    return answer(context, exchange.context, await exchange.context.step(token));
  } catch (error) {
    if (!(error instanceof SecurityMechanismError)) throw error;
    return refuse(context, error.message, reasons[error.fault]);
  }
};

/**
 * What the peer is told of a token that was refused, in words of MIT's library where it has some: what a ticket's owner
 * can mend, or tell whoever can. It says nothing of names and versions of keys, which the log has.
 */
const reasons: Partial<Readonly<Record<SecurityMechanismFault, string>>> = {
  "clock-skew": "Clock skew too great: the clocks of client and server differ.",
  "wrong-key": "No key for this ticket: the keytab of the server or the ticket is out of date, or for another service.",
  "credentials-expired": "Ticket expired.",
  "token-rejected": "The token is damaged, or was used before.",
};

function answer(context: CommandContext, exchange: SecurityContext, { token, facts }: SecurityContextStep): Outcome {
  const { control, environment, state } = context;
  if (facts === undefined) {
    if (token === undefined) return refuse(context, "the mechanism neither answers nor completes");
    return { reply: replyOctets(335, "", formatAdat(token)) };
  }
  // Without integrity anybody could put commands into the connection.
  if (!facts.integrity) return refuse(context, "the context protects nothing");
  // Else a recorded DELE would be obeyed a second time (R-GSS-06).
  if (!facts.detectsReplays) {
    return refuse(context, "the context detects no replays", "The context has to detect replays (GSS_C_REPLAY_FLAG).");
  }
  const mechanism = environment.gssapi?.mechanism.name ?? "";
  const last =
    token === undefined ? reply(235, "Security data exchange complete.") : replyOctets(235, "", formatAdat(token));
  control.enterMessages(new MessageSecurity(mechanism, exchange, facts), last);
  context.emit({ kind: "security-established", mechanism, principal: facts.peerName });
  // Whoever spoke before was anybody, also while tokens were exchanged.
  const fresh = environment.initialState(control.listener);
  const { securityExchangesCount } = state;
  const changes = stateAfterAuth(state, fresh, { control: "wrapped", protectionLevel: "C" });
  return { changes: { ...changes, securityExchangesCount } };
}

function refuse(
  { control, emit, environment }: CommandContext,
  cause: string,
  reason = "The security data was not accepted.",
): Outcome {
  control.abandonExchange();
  emit({ kind: "security-failed", mechanism: environment.gssapi?.mechanism.name ?? "", cause });
  return { reply: reply(535, reason), changes: { control: "clear" } };
}
