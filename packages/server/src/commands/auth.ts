import { octetsFromText, reply, stateAfterAuth } from "@sallyport/protocol";
import { SecurityMechanismError } from "@sallyport/transport";
import type { CommandContext, CommandHandler, Outcome } from "../command-handler.ts";
import { isGssapiPossible } from "../features.ts";
import type { GssapiOptions } from "../options.ts";

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

/**
 * RFC 2228 §3: TLS (RFC 4217 §4) or a mechanism with messages of its own, from clear text or in the place of another
 * such mechanism (R-GSS-07). All earlier state is wiped (R-2228-03, R-4217-04).
 */
export const auth: CommandHandler<"AUTH"> = (context, argument) => {
  const { state, environment, limits } = context;
  const name = argument.toUpperCase();
  const { gssapi } = environment;
  const level = mechanisms.get(name as "TLS");
  const mechanism = level === undefined && gssapi?.mechanism.name === name ? gssapi : undefined;
  if (level === undefined && mechanism === undefined) return { reply: reply(504, unknown(context)) };
  if (state.control === "tls" || state.control === "cleared") {
    return { reply: reply(534, "The connection is protected already.") };
  }
  if (mechanism !== undefined && !isGssapiPossible(context)) {
    return { reply: reply(534, "GSSAPI is not for this listener.") };
  }
  if (mechanism === undefined && environment.tls === undefined)
    return { reply: reply(431, "No certificate is configured.") };
  if (state.securityExchangesCount >= limits.securityExchangesCount) {
    return { reply: reply(421, "Too many changes of security.") };
  }
  return mechanism === undefined ? beginTls(context, level ?? "C") : beginExchange(context, mechanism);
};

function unknown(context: CommandContext): string {
  return `This server knows AUTH TLS${isGssapiPossible(context) ? " and AUTH GSSAPI" : ""}.`;
}

/** 234, then nothing but a handshake. */
async function beginTls(context: CommandContext, protectionLevel: "C" | "P"): Promise<Outcome> {
  const { state, control, environment } = context;
  if (control.hasPendingInput) {
    control.rejectAttack("clear octets followed AUTH in the same flight");
    return {};
  }
  context.data.discard();
  await control.startTls({ code: 234, lines: [octetsFromText("Ready for the TLS handshake.")] });
  return {
    changes: stateAfterAuth(state, environment.initialState(control.listener), { control: "tls", protectionLevel }),
  };
}

/** 334, then tokens by ADAT (R-GSS-01); 431 where the mechanism is configured and does not work. */
async function beginExchange(context: CommandContext, gssapi: GssapiOptions): Promise<Outcome> {
  const { state, control, environment } = context;
  const accepted = await gssapi.mechanism.accept().catch((error: unknown) => {
    if (error instanceof SecurityMechanismError) return error;
    throw error;
  });
  if (accepted instanceof SecurityMechanismError) {
    context.emit({ kind: "security-failed", mechanism: gssapi.mechanism.name, cause: accepted.message });
    return { reply: reply(431, "GSSAPI is not available at the moment.") };
  }
  context.data.discard();
  await control.beginExchange(accepted, reply(334, "Using authentication type GSSAPI; ADAT must follow"));
  const fresh = environment.initialState(control.listener);
  return { changes: stateAfterAuth(state, fresh, { control: "exchanging", protectionLevel: "C" }) };
}
