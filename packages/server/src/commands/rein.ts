import { octetsFromText, reply, stateAfterRein } from "@sallyport/protocol";
import type { CommandHandler } from "../command-handler.ts";

/**
 * RFC 959 §4.1.1; under TLS the reply is sent inside TLS, which then ends while TCP stays (RFC 4217 §11, R-4217-40).
 * A security context is released behind the reply in its message (R-GSS-06). On an implicit connection a new handshake follows and is greeted again (R-IMP-08).
 */
export const rein: CommandHandler<"REIN"> = async ({ state, control, environment, data, limits }) => {
  if (state.securityExchangesCount >= limits.securityExchangesCount) {
    return { reply: reply(421, "Too many changes of security.") };
  }
  data.discard();
  const changes = stateAfterRein(state, environment.initialState(control.listener));
  const ready = { code: 220, lines: [octetsFromText(environment.greeting)] } as const;
  if (control.security !== undefined || control.exchange !== undefined) {
    await control.endMessages(ready);
    return { changes };
  }
  if (control.tls === undefined) return { reply: ready, changes };
  if (state.tlsMode === "implicit") {
    await control.restartImplicitTls(ready);
    return { reply: ready, changes };
  }
  await control.endTls(ready);
  return { changes };
};
