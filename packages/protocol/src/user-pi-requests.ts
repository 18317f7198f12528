import type { UserPi, UserRequest } from "./user-pi-state.ts";
import { argumentsOf, type Fault, isForbidden } from "./user-pi-turn.ts";

/** Why a request can never be sent; undefined where it can. */
export function refusalOf(pi: UserPi, request: UserRequest): Fault | undefined {
  if (pi.phase === "closed" || pi.phase === "leaving") {
    return { code: "SALLYPORT_CONNECTION_OVER", message: "The control connection is over", retry: "again" };
  }
  if (request.kind === "command" && (!/^[A-Za-z][A-Za-z\d]{0,11}$/.test(request.verb) || isReserved(request.verb))) {
    return { code: "SALLYPORT_VERB_RESERVED", message: `${request.verb} is not for the user to send` };
  }
  const given = argumentsOf(request);
  if (given.some(isForbidden)) {
    return { code: "SALLYPORT_ARGUMENT_FORBIDDEN", message: "CR, LF and NUL would end the command line (S-09)" };
  }
  const { commandLineBytes, requestQueueCount } = pi.policy.limits;
  if (given.some((argument) => argument.length > commandLineBytes)) {
    return { code: "SALLYPORT_ARGUMENT_FORBIDDEN", message: "The argument is too long for a command line" };
  }
  if (pi.queue.length >= requestQueueCount) {
    return { code: "SALLYPORT_QUEUE_FULL", message: "Too many requests wait", retry: "again" };
  }
  return undefined;
}

/** Verbs that change what the user-PI keeps account of; they are sent by it alone. */
const reservedVerbs: ReadonlySet<string> = new Set(
  (
    "ABOR ACCT ADAT APPE AUTH CCC CONF CPSV ENC EPRT EPSV LIST LPRT LPSV MIC MLSD MODE NLST PASS PASV PBSZ PORT PROT " +
    "QUIT RANG REIN REST RETR RNFR RNTO SSCN STOR STOU STRU TYPE USER"
  ).split(" "),
);

function isReserved(verb: string): boolean {
  return reservedVerbs.has(verb.toUpperCase());
}
