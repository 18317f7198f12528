import type { ReplyDecoder, ReplyEvent } from "./reply-decoder.ts";
import type { Octets } from "./octets.ts";
import { stepUserPi, type UserPiStep } from "./user-pi.ts";
import type { UserPi, UserPiEffect } from "./user-pi-state.ts";

/**
 * Takes octets of the control connection, as they come in the protection in force, through the decoder into the user-PI.
 *
 * Lines go one at a time, since the one that accepts AUTH ends the octets that may be read in the clear: any octet behind
 * it, also an empty line, is the peer's violation (S-02). The shell calls this no more from `start-tls` on until it has
 * told `tls-established`.
 */
export function receiveOctets(pi: UserPi, decoder: ReplyDecoder, octets: Uint8Array): UserPiStep {
  const effects: UserPiEffect[] = [];
  let current = pi;
  for (let start = 0; start < octets.length && current.phase !== "closed";) {
    const lineEnd = octets.indexOf(0x0a, start);
    const end = lineEnd < 0 ? octets.length : lineEnd + 1;
    const events: readonly (ReplyEvent | typeof octetsBehindAuth)[] =
      current.phase === "handshaking" ? [octetsBehindAuth] : decoder.push(octets.subarray(start, end));
    for (const event of events) {
      const stepped = stepUserPi(current, event);
      effects.push(...stepped.effects);
      current = stepped.pi;
    }
    start = end;
  }
  return { pi: current, effects };
}

const octetsBehindAuth = { kind: "failure", failure: "octets-behind-auth", line: "" as Octets } as const;
