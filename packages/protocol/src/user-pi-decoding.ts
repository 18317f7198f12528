import { foreignGreeting } from "./foreign-greeting.ts";
import type { Fault } from "./user-pi-failure.ts";
import type { UserPiEvent } from "./user-pi-state.ts";

type DecodingFailure = Extract<UserPiEvent, { kind: "failure" }>;

/** Why octets that are no reply, or none to be believed, end the connection, and whether another may be opened. */
export function decodingFault(event: DecodingFailure): { fault: Fault; reconnect: "now" | "later" | "never" } {
  const { failure, line } = event;
  const farewell = failure === "reply-unprotected" ? clearFarewell(line) : undefined;
  return {
    fault: { ...decodingFaults[failure], ...farewell, ...foreignGreeting(line) },
    reconnect: failure === "ended-within-reply" ? "now" : farewell === undefined ? "never" : "later",
  };
}

/** The faults by what the decoder found. */
export const decodingFaults: Readonly<Record<DecodingFailure["failure"], Fault>> = {
  "not-a-reply": { code: "SALLYPORT_NOT_A_REPLY", message: "The server sent a line that is no reply" },
  "ended-within-reply": { code: "SALLYPORT_CONNECTION_LOST", message: "The connection ended within a reply" },
  "reply-unprotected": {
    code: "SALLYPORT_REPLY_UNPROTECTED",
    message: "A reply came outside the protection that was agreed, and anybody on the way may have put it there",
  },
  "octets-behind-auth": {
    code: "SALLYPORT_TLS_INJECTION",
    message: "Clear octets came behind the reply to AUTH, which an attacker may have put there",
  },
};

/**
 * A server that cannot seal any more has no other way to say so. It is believed no more than a connection that breaks,
 * which whoever forges it could bring about as well: the next one has protection of its own.
 */
function clearFarewell(line: string): Pick<Fault, "message"> | undefined {
  const [code] = /^(?:421|535)(?= )/.exec(line) ?? [];
  if (code === undefined) return undefined;
  const why = "its Kerberos is gone, or somebody on the way forged it";
  return { message: `The server ended the connection by ${code} outside its protection: ${why}` };
}
