import type { Octets } from "./octets.ts";
import { meaningOf, type ReplyGroup } from "./reply-model.ts";
import type { RepresentationType } from "./transfer-parameters.ts";
import type { ReceivedReply } from "./user-pi-failure.ts";
import { assumed, losesCommands, mayBeginAhead, sendAhead } from "./user-pi-ahead.ts";
import { decodingFault, decodingFaults } from "./user-pi-decoding.ts";
import {
  leaveWith,
  nextOfOpening,
  openingReplies,
  securityFailed,
  tlsEnded,
  tlsEstablished,
  tokenCame,
} from "./user-pi-opening.ts";
import { isOfReserve, namesEndpoint, reserveAnswered } from "./user-pi-passive.ts";
import { refusalOf } from "./user-pi-requests.ts";
import {
  type Exchange,
  type Features,
  initialUserPi,
  type Purpose,
  underNewProtection,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiStart,
  type UserRequest,
} from "./user-pi-state.ts";
import {
  abortReply,
  abortTransfer,
  dataEvent,
  newTransferJob,
  preparationReplies,
  proceed,
  type TransferJob,
  transferReply,
  transferTimeout,
} from "./user-pi-transfer.ts";
import {
  arm,
  close,
  disarm,
  fail,
  type Fault,
  noteReply,
  rearm,
  refusal,
  send,
  succeed,
  without,
} from "./user-pi-turn.ts";

export interface UserPiStep {
  readonly pi: UserPi;
  readonly effects: readonly UserPiEffect[];
}

/** A user-PI and its first effects, for a TCP connection that stands; in implicit mode the shell starts TLS at once. */
export function newUserPi(start: UserPiStart): UserPiStep {
  const effects: UserPiEffect[] = [];
  const pi = initialUserPi(start);
  return { pi: arm(pi, pi.phase === "greeting" ? "greeting" : "handshake", effects), effects };
}

/**
 * The user protocol interpreter: one event in, the next state and the effects out. It opens the connection as its policy
 * says and no other way, then carries out requests one after the other. A reply is taken for the oldest command without
 * one; where that cannot be told for certain, the connection is closed, since the next reply would be somebody else's.
 * It never throws: whatever fails is a settlement or the reason of a `close`.
 */
export function stepUserPi(pi: UserPi, event: UserPiEvent): UserPiStep {
  const effects: UserPiEffect[] = [];
  let next = take(pi, event, effects);
  for (let before; before !== next;) {
    before = next;
    next = advance(next, effects);
  }
  return { pi: next, effects };
}

function take(pi: UserPi, event: UserPiEvent, effects: UserPiEffect[]): UserPi {
  if (event.kind === "request") return enqueue(pi, event.request, effects);
  if (pi.phase === "closed") return pi;
  switch (event.kind) {
    case "reply":
      return takeReply(noteReply(pi, event), event, effects);
    case "failure": {
      const { fault, reconnect } = decodingFault(event);
      return close(pi, fault, reconnect, effects);
    }
    case "abort":
      return abort(pi, event.id, effects);
    case "tls-established":
      return pi.phase === "handshaking" ? tlsEstablished(pi, effects) : pi;
    case "tls-failed":
      return close(pi, pi.phase === "clearing" ? notLeft(event.cause) : handshakeFailed(event.cause), "never", effects);
    case "tls-ended":
      return pi.phase === "clearing" ? tlsEnded(pi, effects) : pi;
    case "tls-untrusted":
      return leaveWith(pi, handshakeFailed(event.cause), effects);
    case "security-token":
      return tokenCame(pi, event.token, effects);
    case "security-established":
      return pi.phase === "tokens" ? underNewProtection(pi, "wrapped") : pi;
    case "security-failed":
      return securityFailed(pi, event.cause, effects);
    case "data-listening":
    case "data-connected":
    case "data-ended":
      return dataEvent(pi, event, effects);
    case "timeout":
      return event.sequence === pi.timerSequence && pi.timer !== undefined ? timedOut(pi, effects) : pi;
    case "connection-closed":
      return lost(pi, event.cause, effects);
  }
}

function handshakeFailed(cause: unknown): Fault {
  return { code: "SALLYPORT_HANDSHAKE_FAILED", message: "TLS could not be established with this peer", cause };
}

function notLeft(cause: unknown): Fault {
  return { code: "SALLYPORT_CONNECTION_LOST", message: "The connection was lost while TLS was being ended", cause };
}

/** The user asks for something: into the queue, unless it could never be sent. */
function enqueue(pi: UserPi, request: UserRequest, effects: UserPiEffect[]): UserPi {
  const fault = refusalOf(pi, request);
  if (fault === undefined) return { ...pi, queue: [...pi.queue, request] };
  fail(pi, request.id, fault, effects);
  return pi;
}

/** Does one thing that can be done now; the same state where there is none. */
function advance(pi: UserPi, effects: UserPiEffect[]): UserPi {
  if (pi.phase === "opening") {
    return pi.outstanding.length > 0 ? (sendAhead(pi, effects) ?? pi) : advanceOpening(pi, effects);
  }
  if (pi.phase !== "open") return pi;
  const [head, ...queue] = pi.queue;
  if (head?.kind === "status" && statusGoesAhead(pi)) return askStatus({ ...pi, queue }, head.id, effects);
  if (pi.outstanding.length > 0) {
    return head !== undefined && mayBeginAhead(pi, head) ? begin(pi, effects) : (sendAhead(pi, effects) ?? pi);
  }
  if (pi.job?.kind === "transfer") return proceed(pi, pi.job, effects);
  if (pi.job?.kind === "rename") return giveNewName(pi, pi.job, effects);
  return head === undefined ? pi : begin(pi, effects);
}

function advanceOpening(pi: UserPi, effects: UserPiEffect[]): UserPi {
  const next = nextOfOpening(pi);
  if (next === undefined) {
    const features: Features = pi.opening.features ?? new Map();
    effects.push({ kind: "opened", features });
    return { ...disarm(pi, effects), phase: "open" };
  }
  return "code" in next ? leaveWith(pi, next, effects) : send(pi, next, effects);
}

/** Takes the head of the queue. */
function begin(pi: UserPi, effects: UserPiEffect[]): UserPi {
  const [request, ...queue] = pi.queue;
  const rest = { ...pi, queue };
  switch (request?.kind) {
    case undefined:
      return pi;
    case "command":
      if (request.type !== undefined && request.type !== assumed(pi).parameters.type) {
        return send(pi, { purpose: "type", verb: "TYPE", argument: request.type as Octets }, effects);
      }
      return send(rest, { ...request, purpose: "command" }, effects);
    case "status":
      return askStatus(rest, request.id, effects);
    case "rename":
      return send(
        { ...rest, job: { kind: "rename", request, fromGiven: false } },
        { purpose: "rename-from", verb: "RNFR", argument: request.from, id: request.id },
        effects,
      );
    case "transfer":
      return { ...rest, job: newTransferJob(rest, request) };
    case "quit":
      return send({ ...rest, phase: "leaving" }, { purpose: "quit", verb: "QUIT", id: request.id }, effects);
  }
}

function giveNewName(pi: UserPi, job: Extract<UserPi["job"], { kind: "rename" }>, effects: UserPiEffect[]): UserPi {
  if (!job.fromGiven) return pi;
  const { id, to } = job.request;
  return send(pi, { purpose: "rename-to", verb: "RNTO", argument: to, id }, effects);
}

/**
 * Whether STAT can go ahead of a transfer: after its preliminary reply, since none of the completion replies that can
 * follow is one of STAT's.
 */
function statusGoesAhead({ job, outstanding }: UserPi): boolean {
  const [exchange] = outstanding;
  if (job?.kind !== "transfer" || job.aborting !== "no" || outstanding.length !== 1) return false;
  return exchange?.purpose === "transfer" && exchange.preliminariesCount > 0;
}

function askStatus(pi: UserPi, id: number, effects: UserPiEffect[]): UserPi {
  const { timer } = pi;
  const asked = send(pi, { purpose: "status", verb: "STAT", id }, effects);
  // The transfer's own time goes on; a server that leaves STAT lie answers it with the transfer.
  return pi.outstanding.length === 0
    ? asked
    : timer === undefined
      ? disarm(asked, effects)
      : arm(asked, timer, effects);
}

function takeReply(pi: UserPi, event: ReceivedReply, effects: UserPiEffect[]): UserPi {
  const reply: ReceivedReply = { code: event.code, lines: event.lines };
  if (reply.code === 421) return close(pi, serviceCloses(reply), "later", effects);
  if (pi.phase === "greeting") return greeted(pi, reply, effects);
  if (pi.phase === "handshaking") return close(pi, decodingFaults["octets-behind-auth"], "never", effects);
  const exchange = exchangeOf(pi, reply);
  if (exchange === undefined) {
    const message = `Reply ${reply.code} came without a command`;
    return close(pi, { code: "SALLYPORT_REPLY_UNSOLICITED", message, reply }, "now", effects);
  }
  const counted = countPreliminary(pi, exchange, reply);
  if (counted === undefined) return close(pi, unexpected(exchange, reply), "never", effects);
  return answer(counted.pi, counted.exchange, reply, effects);
}

function serviceCloses(reply: ReceivedReply): Fault {
  return { code: "SALLYPORT_SERVICE_CLOSING", message: "The server closes the connection", reply };
}

function unexpected(exchange: Exchange, reply: ReceivedReply): Fault {
  return { ...refusal(exchange, reply, "SALLYPORT_REPLY_UNEXPECTED"), retry: "check" };
}

function greeted(pi: UserPi, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  switch (meaningOf("greeting", reply.code)) {
    case "preliminary":
      return pi;
    case "success": {
      // 230: logged in already, where nobody in between can have said so, or all is clear anyway.
      const login = reply.code === 230 && mayLogInBy(pi) ? "done" : "user";
      const sendsAhead = pi.policy.sendsAhead === true && !losesCommands(reply);
      const greetedPi = { ...disarm(pi, effects), policy: { ...pi.policy, sendsAhead } };
      return { ...greetedPi, phase: "opening", opening: { ...pi.opening, login } };
    }
    case "failure":
      return close(pi, { ...serviceCloses(reply), message: "The server refuses to serve" }, "later", effects);
    case "continue":
    case "fault": {
      const message = `The server greets with ${reply.code}`;
      return close(pi, { code: "SALLYPORT_REPLY_UNEXPECTED", message, reply }, "never", effects);
    }
  }
}

function mayLogInBy({ control, policy }: UserPi): boolean {
  return control !== "clear" || policy.security === "plain";
}

/**
 * The oldest command without a reply, but for STAT and the passive command behind a transfer, whose replies may come ahead
 * of the transfer's and look unlike it. An endpoint that was not asked for belongs to nothing.
 */
function exchangeOf({ outstanding }: UserPi, { code }: ReceivedReply): Exchange | undefined {
  const [oldest] = outstanding;
  if (oldest?.purpose !== "transfer") return oldest;
  const find = (wanted: Purpose): Exchange | undefined => outstanding.find(({ purpose }) => purpose === wanted);
  const status = statusCodes.has(code) ? find("status") : undefined;
  const reserve = isOfReserve(oldest, code) ? find("reserve") : undefined;
  return status ?? reserve ?? (namesEndpoint(code) ? undefined : oldest);
}

/** Replies of STAT, good and bad; a transfer command that was accepted is answered by none of them (RFC 959 §5.4). */
const statusCodes: ReadonlySet<number> = new Set([211, 212, 213, 500, 501, 502, 504, 530]);

function countPreliminary(
  pi: UserPi,
  exchange: Exchange,
  { code }: ReceivedReply,
): { pi: UserPi; exchange: Exchange } | undefined {
  if (code >= 200) return { pi, exchange };
  const preliminariesCount = exchange.preliminariesCount + 1;
  if (preliminariesCount > pi.policy.limits.preliminaryRepliesCount) return undefined;
  const counted = { ...exchange, preliminariesCount };
  const outstanding = pi.outstanding.map((one) => (one === exchange ? counted : one));
  return { pi: { ...pi, outstanding }, exchange: counted };
}

const groups: Partial<Record<Purpose, ReplyGroup>> = {
  auth: "security",
  adat: "security",
  user: "login",
  pass: "login",
  acct: "login",
  restart: "prefix",
  "rename-from": "prefix",
};

function groupOf({ purpose, line }: Exchange): ReplyGroup {
  // SITE CPFR is a prefix as RNFR is; its CPTO follows as a command of its own.
  if (purpose === "command" && /^SITE +CPFR /i.test(line)) return "prefix";
  return groups[purpose] ?? "single";
}

function answer(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  const job = pi.job?.kind === "transfer" ? pi.job : undefined;
  if (job !== undefined && exchange.purpose !== "status") {
    if (job.aborting === "sent" || job.aborting === "fenced") return abortReply(pi, job, reply, effects);
    if (exchange.purpose === "transfer") return transferReply(pi, job, exchange, reply, effects);
  }
  const meaning = meaningOf(groupOf(exchange), reply.code);
  // A preliminary reply where none may be: another would follow, and be taken for the next command's.
  if (meaning === "fault" && reply.code < 200) return close(pi, unexpected(exchange, reply), "now", effects);
  const rest = restAfter(pi, exchange, effects);
  if (pi.phase === "leaving") return left(rest, exchange, reply, effects);
  if (meaning === "fault") return broken(rest, exchange, reply, effects);
  return meaning === "failure" ? refused(rest, exchange, reply, effects) : accepted(rest, exchange, reply, effects);
}

/** What was asked beside a transfer leaves the transfer its own time. */
function restAfter(pi: UserPi, exchange: Exchange, effects: UserPiEffect[]): UserPi {
  const rest = without(pi, exchange);
  const isBeside = exchange.purpose === "status" || exchange.purpose === "reserve";
  const hasTransfer = rest.outstanding.some(({ purpose }) => purpose === "transfer");
  if (!isBeside || !hasTransfer) return rearm(rest, effects);
  return pi.timer === undefined ? rest : arm(rest, pi.timer, effects);
}

function accepted(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  const opening = openingReplies[exchange.purpose];
  if (opening !== undefined) return opening.taken(pi, reply, exchange, effects);
  if (exchange.purpose === "reserve") return reserveAnswered(pi, exchange, reply, effects);
  const preparation = preparationReplies[exchange.purpose];
  if (preparation !== undefined && exchange.id !== undefined) {
    return isOfJob(pi, exchange) ? preparation.taken(pi, pi.job, reply, effects) : pi;
  }
  if (exchange.purpose === "rename-from" && pi.job?.kind === "rename") {
    return { ...pi, job: { ...pi.job, fromGiven: true } };
  }
  if (exchange.purpose === "type") {
    const type = exchange.line.slice("TYPE ".length) as RepresentationType;
    return { ...pi, parameters: { ...pi.parameters, type } };
  }
  succeed(exchange.id, reply, effects);
  return withoutRename(pi);
}

function refused(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  const opening = openingReplies[exchange.purpose];
  if (opening !== undefined) return opening.refused(pi, reply, exchange, effects);
  return commandFailed(pi, exchange, refusal(exchange, reply, "SALLYPORT_COMMAND_REFUSED"), effects);
}

/** A final reply that the model has no arrow for: the command failed, the connection is in step (RFC 959 §6). */
function broken(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  const fault = unexpected(exchange, reply);
  return pi.phase === "opening" ? leaveWith(pi, fault, effects) : commandFailed(pi, exchange, fault, effects);
}

function commandFailed(pi: UserPi, exchange: Exchange, fault: Fault, effects: UserPiEffect[]): UserPi {
  if (exchange.purpose === "reserve") return reserveAnswered(pi, exchange, undefined, effects);
  const preparation = preparationReplies[exchange.purpose];
  if (preparation !== undefined && exchange.id !== undefined) {
    return isOfJob(pi, exchange) ? preparation.refused(pi, pi.job, fault, effects, exchange) : pi;
  }
  if (exchange.purpose === "type") return inAnyType(pi);
  fail(pi, exchange.id, fault, effects);
  return withoutRename(pi);
}

/** What was sent ahead for a transfer that has failed meanwhile is answered all the same. */
function isOfJob(pi: UserPi, { id }: Exchange): pi is UserPi & { readonly job: TransferJob } {
  return pi.job?.kind === "transfer" && pi.job.request.id === id;
}

/** TYPE was refused ahead of a command, which is sent all the same. */
function inAnyType(pi: UserPi): UserPi {
  const [head, ...queue] = pi.queue;
  if (head?.kind !== "command") return pi;
  const { type: _, ...request } = head;
  return { ...pi, queue: [request, ...queue] };
}

function withoutRename(pi: UserPi): UserPi {
  return pi.job?.kind === "rename" ? { ...pi, job: undefined } : pi;
}

/** QUIT was answered, whatever the answer. */
function left(pi: UserPi, exchange: Exchange, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  succeed(exchange.id, reply, effects);
  return close(pi, undefined, "never", effects);
}

function abort(pi: UserPi, id: number, effects: UserPiEffect[]): UserPi {
  const waiting = pi.queue.find((request) => request.id === id);
  if (waiting !== undefined) {
    fail(pi, id, { code: "SALLYPORT_ABORTED", message: "Given up before it was sent", retry: "again" }, effects);
    return { ...pi, queue: pi.queue.filter((request) => request !== waiting) };
  }
  return pi.job?.kind === "transfer" && pi.job.request.id === id ? abortTransfer(pi, pi.job, effects) : pi;
}

function timedOut(pi: UserPi, effects: UserPiEffect[]): UserPi {
  const dealtWith = pi.job?.kind === "transfer" ? transferTimeout(pi, pi.job, effects) : undefined;
  if (dealtWith !== undefined) return dealtWith;
  if (pi.phase === "leaving") return close(pi, undefined, "never", effects);
  // A reply that comes yet would be the next command's, so the connection is of no more use.
  const command = pi.outstanding[0]?.line;
  const message = `Nothing came in time (${pi.timer})`;
  return close({ ...pi, timer: undefined }, { code: "SALLYPORT_REPLY_TIMEOUT", message, command }, "now", effects);
}

function lost(pi: UserPi, cause: unknown, effects: UserPiEffect[]): UserPi {
  if (pi.phase === "leaving") {
    // Some servers close without 221.
    succeed(
      pi.outstanding.find(({ purpose }) => purpose === "quit")?.id,
      { code: 221, lines: ["" as Octets] },
      effects,
    );
    return close({ ...pi, outstanding: [] }, undefined, "never", effects);
  }
  const message = "The control connection was lost";
  const reconnect = pi.phase === "handshaking" ? "never" : "now";
  return close(pi, { code: "SALLYPORT_CONNECTION_LOST", message, cause }, reconnect, effects);
}
