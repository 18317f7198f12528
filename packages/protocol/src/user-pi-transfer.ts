import { isIpv4 } from "./addresses.ts";
import type { Octets } from "./octets.ts";
import { meaningOf } from "./reply-model.ts";
import {
  abortTimer,
  dataUnprotected,
  firstPassiveVerb,
  foreignAddress,
  isToConnect,
  mayMeetAt,
} from "./user-pi-between.ts";
import { activeCommand, announcement } from "./user-pi-data-commands.ts";
import { dataFaults, notOpened, type ReceivedReply } from "./user-pi-failure.ts";
import { nextParameter, transferParameters } from "./user-pi-parameters.ts";
import { askReserve, namesEndpoint, passiveEndpoint } from "./user-pi-passive.ts";
import {
  type DataEndpoint,
  type DataProtection,
  type Exchange,
  type Job,
  noReserve,
  type TransferRequest,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
} from "./user-pi-state.ts";
import { arm, close, disarm, fail, type Fault, rearm, refusal, send, succeed, without } from "./user-pi-turn.ts";

/*
 * One transfer: parameters that differ, a data connection, REST, the command, and then two ends that are waited for,
 * the completion reply and the end of the data, in whatever order they come (R-CLI-09). Both must be good.
 */

export type TransferJob = Extract<Job, { kind: "transfer" }>;

export function newTransferJob(pi: UserPi, request: TransferRequest): TransferJob {
  return {
    kind: "transfer",
    request,
    data: { kind: "none" },
    connection: 0,
    announced: isToConnect(pi, request) || !(pi.opening.features?.has("PRET") ?? false),
    passive: firstPassiveVerb(pi, request),
    reserved: false,
    sent: false,
    final: undefined,
    aborting: "no",
  };
}

/** Does what is next while no command is outstanding; the same state where an event has to come first. */
export function proceed(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi {
  if (job.sent) return pi;
  if (job.aborting === "asked") return end(pi, job, aborted(job), effects);
  const parameter = nextParameter(pi, job.request);
  if (parameter !== undefined) return send(pi, parameter, effects);
  const id = job.request.id;
  switch (job.data.kind) {
    case "none":
      return setUpData(pi, job, effects);
    case "offered":
      return send(pi, activeCommand(job.data.endpoint, id), effects);
    case "ready":
      return sendTransfer(pi, job, effects);
    case "ended":
      return end(pi, job, notOpened(job.data.cause), effects);
    case "listening":
    case "connecting":
    case "moving":
      return pi;
  }
}

/** PRET where the server wants it, then the data connection. */
export function setUpData(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi {
  const { id, between } = job.request;
  // Messages of a mechanism are between the user and one server.
  const mayProtect = protectionOf(pi) === "P" && pi.control !== "wrapped";
  if (between?.protection === "P" && !mayProtect) return end(pi, job, dataUnprotected, effects);
  const { reserve } = pi;
  const isReserved = reserve.kind === "offered" && between === undefined;
  if (!job.announced && !isReserved) {
    return send(withJob(pi, { ...job, announced: true }), announcement(job.request), effects);
  }
  const connection = pi.dataConnectionsCount + 1;
  // Whatever is set up now takes its place at the server.
  const left = reserve.kind === "refused" ? reserve : noReserve;
  const numbered = withJob({ ...pi, dataConnectionsCount: connection, reserve: left }, { ...job, connection });
  if (isReserved) {
    return connectTo(numbered, { ...job, connection, reserved: true }, reserve.endpoint, effects);
  }
  if (!isToConnect(pi, job.request)) {
    return send(numbered, { purpose: "passive", verb: job.passive, id }, effects);
  }
  effects.push({ kind: "listen-data", connection, id });
  return arm(withJob(numbered, { ...job, connection, data: { kind: "listening" } }), "data-open", effects);
}

/** REST comes right before the command, since whatever stands between may undo it (RFC 3659 §5.2). */
function sendTransfer(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi {
  const { id, verb, argument, direction, restartOffset = 0n, between } = job.request;
  if (pi.restart !== restartOffset) return sendRestart(pi, job, effects);
  const timer = "preliminary";
  const given = send(
    { ...pi, job: { ...job, sent: true } },
    { purpose: "transfer", verb, argument, id, timer },
    effects,
  );
  const sent = askReserve(given, job.request, effects);
  // Octets of a download may come before 150 is read, and the server may leave 150 out (R-CLI-09).
  return direction === "download" || between !== undefined ? moveData(sent, effects) : sent;
}

export function sendRestart(pi: UserPi, { request }: TransferJob, effects: UserPiEffect[]): UserPi {
  const { id, restartOffset = 0n } = request;
  return send(pi, { purpose: "restart", verb: "REST", argument: String(restartOffset) as Octets, id }, effects);
}

function moveData(pi: UserPi, effects: UserPiEffect[]): UserPi {
  if (pi.job?.kind !== "transfer" || pi.job.data.kind !== "ready") return pi;
  const { connection, request } = pi.job;
  const { tokenBytesMax } = pi.opening;
  const { direction } = request;
  effects.push({ kind: "move-data", connection, direction, protection: protectionOf(pi), tokenBytesMax });
  return withJob(pi, { ...pi.job, data: { kind: "moving" } });
}

function protectionOf({ opening }: UserPi): DataProtection {
  return opening.protection === "unasked" ? "C" : opening.protection;
}

/** Replies to the commands that prepare a transfer; rows as in the opening, for 2yz or 3yz and for 4yz or 5yz. */
export const preparationReplies: Readonly<Record<string, Preparation>> = {
  type: preparing("type"),
  structure: preparing("structure"),
  mode: preparing("mode"),
  "data-protection": preparing("data-protection"),
  "secure-client": preparing("secure-client"),
  // Servers in front of many others (DrFTPD) pick one by it; where they will not, the transfer command says why.
  announce: { taken: (pi) => pi, refused: (pi) => pi },
  passive: { taken: passiveTaken, refused: passiveRefused },
  active: { taken: (pi, job) => withJob(pi, { ...job, data: { kind: "ready" } }), refused: noSetUp },
  restart: {
    // Sent ahead of a passive command that failed, it does not come right before the transfer command any more.
    taken: (pi, { request, data }) => ({
      ...pi,
      restart: data.kind === "none" ? "unknown" : (request.restartOffset ?? 0n),
    }),
    refused: restartRefused,
  },
};

interface Preparation {
  readonly taken: (pi: UserPi, job: TransferJob, reply: ReceivedReply, effects: UserPiEffect[]) => UserPi;
  readonly refused: (pi: UserPi, job: TransferJob, fault: Fault, effects: UserPiEffect[], exchange: Exchange) => UserPi;
}

function preparing(purpose: keyof typeof transferParameters): Preparation {
  return { taken: (pi, { request }) => transferParameters[purpose].taken(pi, request), refused: parameterRefused };
}

function parameterRefused(pi: UserPi, job: TransferJob, fault: Fault, effects: UserPiEffect[]): UserPi {
  return end(pi, job, { ...fault, code: "SALLYPORT_PARAMETER_REFUSED" }, effects);
}

function noSetUp(pi: UserPi, job: TransferJob, fault: Fault, effects: UserPiEffect[]): UserPi {
  return end(pi, job, { ...fault, code: "SALLYPORT_NO_DATA_SETUP" }, effects);
}

/** A server that knows no REST needs none that says 0. */
function restartRefused(pi: UserPi, job: TransferJob, fault: Fault, effects: UserPiEffect[]): UserPi {
  const { restartOffset = 0n } = job.request;
  if (restartOffset === 0n) return { ...pi, restart: 0n };
  return end({ ...pi, restart: "unknown" }, job, { ...fault, code: "SALLYPORT_RESTART_REFUSED" }, effects);
}

/** Where EPSV is refused for good, PASV may work (R-2428-04); it never does over IPv6. */
function passiveRefused(
  pi: UserPi,
  job: TransferJob,
  fault: Fault,
  effects: UserPiEffect[],
  { verb }: Exchange,
): UserPi {
  const falls = verb === "EPSV" && (fault.reply?.code ?? 0) >= 500 && mayUsePasv(pi, job);
  if (!falls) return noSetUp(pi, job, fault, effects);
  return withJob(rememberPasv(pi, effects), { ...job, passive: "PASV" });
}

/** It never leads anywhere over IPv6. */
function mayUsePasv({ peerAddress }: UserPi, { passive, request }: TransferJob): boolean {
  return passive === "EPSV" && isIpv4(peerAddress) && request.between === undefined;
}

/** To reach the user; that another server was told to use it says nothing about the way to here. */
function usedPasv({ passive, request }: TransferJob): boolean {
  return passive === "PASV" && request.between === undefined;
}

function rememberPasv(pi: UserPi, effects: UserPiEffect[]): UserPi {
  if (pi.memory.passive === "PASV") return pi;
  const memory = { passive: "PASV" } as const;
  effects.push({ kind: "remember", memory });
  return { ...pi, memory };
}

/** The address is the control connection's other end, whatever the reply says (S-10, R-2428-04). */
function passiveTaken(pi: UserPi, job: TransferJob, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  if (job.aborting === "asked") return pi;
  const { between } = job.request;
  const endpoint = passiveEndpoint(pi, { passive: job.passive, between }, reply, effects);
  if (endpoint === undefined) {
    if (mayUsePasv(pi, job)) return withJob(rememberPasv(pi, effects), { ...job, passive: "PASV" });
    const message = `The reply to ${job.passive} names no endpoint`;
    return end(pi, job, { code: "SALLYPORT_PASSIVE_REPLY_UNREADABLE", message, reply }, effects);
  }
  if (between !== undefined && !mayMeetAt(endpoint.host, pi.peerAddress, between)) {
    return end(pi, job, foreignAddress(endpoint.host, reply), effects);
  }
  return connectTo(pi, job, endpoint, effects);
}

function connectTo(pi: UserPi, job: TransferJob, endpoint: DataEndpoint, effects: UserPiEffect[]): UserPi {
  effects.push({ kind: "connect-data", connection: job.connection, endpoint, id: job.request.id });
  return arm(withJob(pi, { ...job, data: { kind: "connecting" } }), "data-open", effects);
}

/** What the shell tells of the data connection. */
export function dataEvent(
  pi: UserPi,
  event: Extract<UserPiEvent, { kind: "data-listening" | "data-connected" | "data-ended" }>,
  effects: UserPiEffect[],
): UserPi {
  const { job } = pi;
  if (job?.kind !== "transfer" || job.connection !== event.connection) return pi;
  switch (event.kind) {
    case "data-listening":
      if (job.data.kind !== "listening") return pi;
      return disarm(withJob(pi, { ...job, data: { kind: "offered", endpoint: event.endpoint } }), effects);
    case "data-connected":
      if (job.data.kind !== "connecting") return pi;
      // REST may have been sent ahead.
      return rearm(
        withJob(usedPasv(job) ? rememberPasv(pi, effects) : pi, { ...job, data: { kind: "ready" } }),
        effects,
      );
    case "data-ended":
      return dataEnded(pi, job, event, effects);
  }
}

function dataEnded(
  pi: UserPi,
  job: TransferJob,
  { outcome, cause }: Extract<UserPiEvent, { kind: "data-ended" }>,
  effects: UserPiEffect[],
): UserPi {
  if (job.data.kind === "ended") return pi;
  if (!job.sent) return job.data.kind === "none" ? pi : dataNotOpened(pi, job, cause, effects);
  const ended: TransferJob = { ...job, data: { kind: "ended", outcome, cause } };
  if (ended.final !== undefined) return conclude(withJob(pi, ended), ended, ended.final, effects);
  const exchange = pi.outstanding.find(({ purpose }) => purpose === "transfer");
  if (exchange !== undefined && isLastWord(ended, exchange)) return closeBroken(pi, ended, effects);
  return arm(withJob(pi, ended), "completion", effects);
}

/** Pure-FTPd ends a transfer whose data connection broke with another 150, and says no more of it (measured). */
function isLastWord({ data }: TransferJob, { preliminariesCount }: Exchange): boolean {
  return data.kind === "ended" && data.outcome !== "complete" && preliminariesCount > 1;
}

/** No reply may be waited for, so the control connection is of no more use. */
function closeBroken(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi {
  const { data } = job;
  if (data.kind !== "ended" || data.outcome === "complete") return pi;
  const { outcome, cause } = data;
  return close(pi, { ...dataFaults[outcome], cause, retry: retryOf(job) }, "now", effects);
}

/** A port that cannot be reached gets one more try by PASV, which some firewalls read and EPSV not (D-18). */
function dataNotOpened(pi: UserPi, job: TransferJob, cause: unknown, effects: UserPiEffect[]): UserPi {
  const quiet = pi.outstanding.length > 0 ? pi : disarm(pi, effects);
  // The server may have given up in the meantime what it offered ahead.
  if (job.reserved) return withJob(quiet, { ...job, reserved: false, data: { kind: "none" } });
  const falls = job.data.kind === "connecting" && mayUsePasv(pi, job);
  if (falls) return withJob(quiet, { ...job, passive: "PASV", data: { kind: "none" } });
  // REST may be outstanding; its reply is taken first.
  if (pi.outstanding.length > 0) return withJob(pi, { ...job, data: { kind: "ended", outcome: "failed", cause } });
  return end(quiet, { ...job, data: { kind: "none" } }, notOpened(cause), effects);
}

/** A reply to the transfer command itself. */
export function transferReply(
  pi: UserPi,
  job: TransferJob,
  exchange: Exchange,
  reply: ReceivedReply,
  effects: UserPiEffect[],
): UserPi {
  switch (meaningOf("transfer", reply.code)) {
    case "preliminary":
      if (isLastWord(job, exchange)) return closeBroken(pi, job, effects);
      effects.push({ kind: "preliminary", id: job.request.id, reply });
      return moveData(pi.timer === "preliminary" ? disarm(pi, effects) : pi, effects);
    case "success":
      return completed(without(pi, exchange), job, exchange, reply, effects);
    case "failure":
      return end(without(pi, exchange), job, refusal(exchange, reply, "SALLYPORT_COMMAND_REFUSED"), effects);
    case "continue":
    case "fault":
      return end(without(pi, exchange), job, refusal(exchange, reply, "SALLYPORT_REPLY_UNEXPECTED"), effects);
  }
}

function completed(
  pi: UserPi,
  job: TransferJob,
  exchange: Exchange,
  reply: ReceivedReply,
  effects: UserPiEffect[],
): UserPi {
  // What became of data between two servers is theirs to say.
  if (job.request.between !== undefined) return succeeded(pi, job, reply, effects);
  const done: TransferJob = { ...job, final: reply };
  if (job.data.kind === "ended") return conclude(withJob(pi, done), done, reply, effects);
  if (job.data.kind === "moving") return arm(withJob(pi, done), "completion", effects);
  // Complete, and not an octet was asked for: whatever the server stored, it is not this file.
  return end(pi, job, refusal(exchange, reply, "SALLYPORT_REPLY_UNEXPECTED"), effects);
}

/** Both ends have come, and the reply was 2yz. */
function conclude(pi: UserPi, job: TransferJob, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  if (job.data.kind !== "ended" || job.data.outcome === "complete") {
    return succeeded(pi, job, reply, effects);
  }
  const { outcome, cause } = job.data;
  return end(pi, job, { ...dataFaults[outcome], reply, cause, retry: retryOf(job) }, effects);
}

function succeeded(pi: UserPi, { request }: TransferJob, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  succeed(request.id, reply, effects);
  return rearm({ ...pi, job: undefined, restart: 0n }, effects);
}

function retryOf({ request }: TransferJob): "again" | "check" {
  return request.direction === "download" ? "again" : "check";
}

/** Ends the job with a failure; the connection goes on. */
function end(pi: UserPi, job: TransferJob, fault: Fault, effects: UserPiEffect[]): UserPi {
  const { id, restartOffset = 0n } = job.request;
  breakData(job, effects);
  const failed = job.sent && fault.retry !== "again" && fault.retry !== "never" ? { retry: retryOf(job) } : {};
  fail(pi, id, { ...fault, ...failed }, effects);
  // Not every server takes a refused command for the one that REST spoke of.
  const restart = job.sent && restartOffset !== 0n ? "unknown" : pi.restart;
  return rearm({ ...pi, job: undefined, restart }, effects);
}

function aborted({ sent, request }: TransferJob): Fault {
  const retry = sent && request.direction === "upload" ? "check" : "again";
  return { code: "SALLYPORT_ABORTED", message: "The transfer was aborted", retry };
}

/** The user wants the transfer over: ABOR where the command is on its way, otherwise nothing more is sent for it. */
export function abortTransfer(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi {
  if (job.aborting !== "no") return pi;
  const { id } = job.request;
  if (!job.sent) {
    breakData(job, effects);
    return disarmUnlessAsked(withJob(pi, { ...job, data: { kind: "none" }, aborting: "asked" }), effects);
  }
  if (job.final !== undefined) return end(pi, job, aborted(job), effects);
  // Its reply could not be told from those that follow ABOR.
  if (pi.outstanding.some(({ purpose }) => purpose === "reserve")) return close(pi, aborted(job), "now", effects);
  const timer = abortTimer(job.request);
  // Servers close with ABOR what they listen on, and may give the port to somebody else.
  const reserve = pi.reserve.kind === "offered" ? noReserve : pi.reserve;
  const sent = send(
    withJob({ ...pi, reserve }, { ...job, aborting: "sent" }),
    { purpose: "abort", verb: "ABOR", id, timer },
    effects,
  );
  breakData(job, effects);
  return withJob(sent, { ...job, data: ended, aborting: "sent" });
}

const ended = { kind: "ended", outcome: "failed", cause: undefined } as const;

function disarmUnlessAsked(pi: UserPi, effects: UserPiEffect[]): UserPi {
  return pi.outstanding.length > 0 ? pi : disarm(pi, effects);
}

/**
 * Replies after ABOR come in every number: 426 and 226, 226 and 226, 226 alone, 225 (RFC 959 §5.4, R-959-61). A NOOP
 * behind the first of them is a fence: its 200 says that none of the others is still on its way, so that no reply is
 * ever taken for the next command's. Where one of them does not come, the connection is closed before long.
 */
export function abortReply(pi: UserPi, job: TransferJob, reply: ReceivedReply, effects: UserPiEffect[]): UserPi {
  if (reply.code < 200) return pi;
  const find = (purpose: Exchange["purpose"]) => pi.outstanding.find((exchange) => exchange.purpose === purpose);
  const { id } = job.request;
  if (job.aborting === "sent") {
    const answered = find(reply.code === 225 ? "abort" : "transfer");
    const left = without(reply.code === 225 ? without(pi, find("transfer")) : pi, answered);
    const timer = abortTimer(job.request);
    return send(withJob(left, { ...job, aborting: "fenced" }), { purpose: "fence", verb: "NOOP", id, timer }, effects);
  }
  const abort = find("abort");
  const isAbortReply = reply.code === 225 || reply.code === 226 || reply.code >= 400;
  if (abort !== undefined && isAbortReply) return without(pi, abort);
  const isFence = reply.code !== 225 && reply.code !== 226 && !namesEndpoint(reply.code);
  if (!isFence) return close(pi, outOfStep(reply), "now", effects);
  const unanswered = find("status");
  if (unanswered !== undefined) fail(pi, unanswered.id, aborted(job), effects);
  return end({ ...pi, outstanding: [] }, job, aborted(job), effects);
}

function outOfStep(reply: ReceivedReply): Fault {
  return { code: "SALLYPORT_REPLY_UNSOLICITED", message: `Reply ${reply.code} answers nothing`, reply };
}

/** A timer that belongs to a transfer ran out; undefined where it is not for a transfer to deal with. */
export function transferTimeout(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi | undefined {
  const quiet: UserPi = { ...pi, timer: undefined };
  if (pi.timer === "data-open") {
    breakData(job, effects);
    return dataNotOpened(quiet, job, undefined, effects);
  }
  // An upload to a server that says no 150 begins now; a download has begun, and its end is told by the shell.
  return pi.timer === "preliminary" ? moveData(quiet, effects) : undefined;
}

function breakData({ data, connection }: TransferJob, effects: UserPiEffect[]): void {
  if (data.kind !== "none" && data.kind !== "ended") effects.push({ kind: "break-data", connection });
}

function withJob(pi: UserPi, job: TransferJob): UserPi {
  return { ...pi, job };
}
