import type { Octets } from "./octets.ts";
import { repeatableVerbs } from "./reply-model.ts";
import { maskCommandLine, maskReplyLine, transcriptCommand, transcriptReply } from "./transcript.ts";
import type {
  DialogueLine,
  Fault,
  ReceivedReply,
  Retry,
  Settlement,
  UserPiFailure,
  UserPiFailureCode,
} from "./user-pi-failure.ts";
import type { Exchange, Purpose, TimerName, UserPi, UserPiEffect, UserRequest } from "./user-pi-state.ts";

/*
 * What every part of the user-PI does with a connection: send a command, settle a request, arm the timer, give up. Each
 * function takes the state and returns the next one; effects are added in order.
 */

/** A command to be sent. */
export interface NextCommand {
  readonly purpose: Purpose;
  readonly verb: string;
  readonly argument?: Octets | undefined;
  readonly id?: number | undefined;
  readonly timer?: TimerName;
}

export type { Fault } from "./user-pi-failure.ts";

const secretPurposes: ReadonlySet<Purpose> = new Set(["user", "pass", "acct"]);

/**
 * Sends a command. This is the one way out for command lines, so it holds the last locks as well: names and secrets leave
 * in the clear by policy `plain` alone (S-03), and nothing that a caller gave ends a line before its end (S-09).
 */
export function send(pi: UserPi, next: NextCommand, effects: UserPiEffect[]): UserPi {
  if (secretPurposes.has(next.purpose) && pi.control === "clear" && pi.policy.security !== "plain") {
    return close(
      pi,
      { code: "SALLYPORT_SECRET_IN_CLEAR", message: "A secret may not leave in the clear", retry: "never" },
      "never",
      effects,
    );
  }
  const line = (next.argument === undefined ? next.verb : `${next.verb} ${next.argument}`) as Octets;
  if (isForbidden(line)) {
    const message = "CR, LF and NUL would end the command line (S-09)";
    return close(pi, { code: "SALLYPORT_ARGUMENT_FORBIDDEN", message, retry: "never" }, "never", effects);
  }
  effects.push({ kind: "send", line: line.replaceAll("\xFF", "\xFF\xFF") as Octets });
  const exchange: Exchange = {
    purpose: next.purpose,
    verb: next.verb,
    line: maskCommandLine(line),
    id: next.id,
    preliminariesCount: 0,
  };
  const noted = note(pi, transcriptCommand(0, line));
  return arm({ ...noted, outstanding: [...noted.outstanding, exchange] }, next.timer ?? "reply", effects);
}

/** Keeps a reply in the tail of the dialogue. */
export function noteReply(pi: UserPi, { code, lines }: ReceivedReply): UserPi {
  const [first = "" as Octets] = lines;
  return note(pi, transcriptReply(0, `${code}${lines.length > 1 ? "-" : " "}${first}` as Octets));
}

function note(pi: UserPi, { direction, text }: DialogueLine): UserPi {
  const dialogue = [...pi.dialogue, { direction, text }].slice(-pi.policy.limits.dialogueTailCount);
  return { ...pi, dialogue };
}

/** Arms the one timer; what was armed before counts no more. */
export function arm(pi: UserPi, timer: TimerName, effects: UserPiEffect[]): UserPi {
  const sequence = pi.timerSequence + 1;
  effects.push({ kind: "arm", timer, sequence });
  return { ...pi, timer, timerSequence: sequence };
}

export function disarm(pi: UserPi, effects: UserPiEffect[]): UserPi {
  if (pi.timer === undefined) return pi;
  effects.push({ kind: "disarm" });
  return { ...pi, timer: undefined };
}

/** After an exchange: those that are still outstanding have their own time, counted from now. */
export function rearm(pi: UserPi, effects: UserPiEffect[]): UserPi {
  return pi.outstanding.length > 0 ? arm(pi, "reply", effects) : disarm(pi, effects);
}

export function succeed(id: number | undefined, reply: ReceivedReply, effects: UserPiEffect[]): void {
  settle(id, { ok: true, reply }, effects);
}

export function fail(pi: UserPi, id: number | undefined, fault: Fault, effects: UserPiEffect[]): void {
  settle(id, { ok: false, failure: failureOf(pi, fault) }, effects);
}

function settle(id: number | undefined, settlement: Settlement, effects: UserPiEffect[]): void {
  if (id !== undefined) effects.push({ kind: "settled", id, settlement });
}

/** The fault of a reply 4yz or 5yz; the former may go away (RFC 959 §4.2.1). */
export function refusal(exchange: Exchange, reply: ReceivedReply, code: UserPiFailureCode): Fault {
  const retry = reply.code < 500 ? "again" : "never";
  return { code, message: `${exchange.verb} was refused with ${reply.code}`, command: exchange.line, reply, retry };
}

/** Ends the control connection: everything asked and not settled fails, and nothing is sent any more. */
export function close(
  pi: UserPi,
  fault: Fault | undefined,
  reconnect: "now" | "later" | "never",
  effects: UserPiEffect[],
): UserPi {
  const quiet = disarm(pi, effects);
  const over: Fault = fault ?? { code: "SALLYPORT_CONNECTION_OVER", message: "The control connection was left" };
  if (quiet.job?.kind === "transfer" && quiet.job.data.kind !== "none" && quiet.job.data.kind !== "ended") {
    effects.push({ kind: "break-data", connection: quiet.job.connection });
  }
  for (const [id, advised] of unsettled(quiet)) {
    const retry = advised === "again" && reconnect === "never" ? "never" : advised;
    fail(quiet, id, { ...over, retry }, effects);
  }
  const failure = fault === undefined ? undefined : failureOf(quiet, fault);
  effects.push({ kind: "close", reconnect, failure });
  return { ...quiet, phase: "closed", outstanding: [], job: undefined, queue: [] };
}

/** Everything asked and not settled, with what may be done about it on another connection. */
function unsettled(pi: UserPi): Map<number, Retry> {
  const found = new Map<number, Retry>();
  const { job } = pi;
  if (job?.kind === "transfer") found.set(job.request.id, retryOfVerb(job.request.verb, job.sent));
  else if (job !== undefined) found.set(job.request.id, "check");
  for (const { id, verb } of pi.outstanding) {
    if (id !== undefined && !found.has(id)) found.set(id, retryOfVerb(verb, true));
  }
  for (const { id } of pi.queue) found.set(id, "again");
  return found;
}

function retryOfVerb(verb: string, sent: boolean): Retry {
  return !sent || repeatableVerbs.has(verb) ? "again" : "check";
}

function failureOf(pi: UserPi, { code, message, reply, command, retry, cause }: Fault): UserPiFailure {
  return {
    code,
    message,
    ...(command === undefined ? {} : { command }),
    ...(reply === undefined ? {} : { reply: { code: reply.code, lines: reply.lines.map(maskReplyLine) } }),
    retry: retry ?? "never",
    transcript: pi.dialogue,
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Takes the oldest exchange away, or the one given. */
export function without(pi: UserPi, exchange: Exchange | undefined = pi.outstanding[0]): UserPi {
  return { ...pi, outstanding: pi.outstanding.filter((one) => one !== exchange) };
}

/** Octets that end a command line, or that Telnet takes for something else than themselves (S-09). */
export function isForbidden(argument: Octets): boolean {
  // oxlint-disable-next-line no-control-regex -- the characters looked for
  return /[\0\r\n]/.test(argument);
}

/** All that a request sends as it stands. */
export function argumentsOf(request: UserRequest): readonly Octets[] {
  switch (request.kind) {
    case "rename":
      return [request.from, request.to];
    case "command":
    case "transfer":
      return request.argument === undefined ? [] : [request.argument];
    case "status":
    case "quit":
      return [];
  }
}
