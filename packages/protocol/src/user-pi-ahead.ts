import { pipelinedVerbs } from "./reply-model.ts";
import { nextOfOpening } from "./user-pi-opening.ts";
import { nextParameter } from "./user-pi-parameters.ts";
import type { ReceivedReply } from "./user-pi-failure.ts";
import type { Exchange, Purpose, UserPi, UserPiEffect, UserRequest } from "./user-pi-state.ts";
import { sendRestart, setUpData, type TransferJob } from "./user-pi-transfer.ts";
import { send } from "./user-pi-turn.ts";

/*
 * Commands that go out before the one ahead of them was answered, where the policy says so: each spares a round trip.
 * They are PBSZ, PROT and FEAT of the opening, and what prepares a transfer up to its passive command; for each of them it
 * is known what it would be if those on their way are accepted. Where one is refused, what follows from that is decided
 * when the rest was answered too. The transfer command itself waits.
 */

/** Sends the next command ahead of the replies to those on their way; undefined where it has to wait for them. */
export function sendAhead(pi: UserPi, effects: UserPiEffect[]): UserPi | undefined {
  if (pi.policy.sendsAhead !== true || pi.outstanding.length >= aheadMax) return undefined;
  if (pi.phase === "opening") return openAhead(pi, effects);
  return pi.job?.kind === "transfer" ? prepareAhead(pi, pi.job, effects) : undefined;
}

/**
 * Whether a request may begin while commands are on their way that leave no trace, or that only set TYPE: such a command
 * where the policy has room for it, and a transfer where commands are sent ahead.
 */
export function mayBeginAhead(pi: UserPi, request: UserRequest): boolean {
  const { sendsAhead = false, pipelinedMax } = pi.policy;
  if (pi.job !== undefined || pi.outstanding.length >= (sendsAhead ? aheadMax : pipelinedMax)) return false;
  const isCommand = request.kind === "command" && pipelinedVerbs.has(request.verb.toUpperCase());
  const isTransfer = sendsAhead && request.kind === "transfer" && request.between === undefined;
  const mayPass = (exchange: Exchange): boolean =>
    leavesNoTrace(exchange) || (sendsAhead && exchange.purpose === "type");
  return (isCommand || isTransfer) && pi.outstanding.every(mayPass);
}

/** The state as it will be if all commands on their way are accepted. */
export function assumed(pi: UserPi): UserPi {
  return pi.outstanding.reduce((state, { purpose, line }) => assumptions[purpose]?.(state, line) ?? state, pi);
}

const assumptions: Partial<Record<Purpose, (state: UserPi, line: Exchange["line"]) => UserPi>> = {
  pbsz: (state) => ({ ...state, opening: { ...state.opening, bufferSizeGiven: true } }),
  prot: (state) => ({ ...state, opening: { ...state.opening, protection: state.policy.dataProtection } }),
  type: (state, line) => ({ ...state, parameters: { ...state.parameters, type: wordOf(line, "A") } }),
  structure: (state, line) => ({ ...state, parameters: { ...state.parameters, structure: wordOf(line, "F") } }),
  mode: (state, line) => ({ ...state, parameters: { ...state.parameters, mode: wordOf(line, "S") } }),
};

/** The parameter of a command that the user-PI has sent itself, and which is thus one of its own. */
function wordOf<Word extends string>(line: Exchange["line"], fallback: Word): Word {
  return (line.split(" ")[1] ?? fallback) as Word;
}

/** Servers that drop what comes behind a command before they have answered it; lftp goes by the same names. */
export function losesCommands({ lines }: ReceivedReply): boolean {
  return lines.some((line) => /Microsoft FTP Service|MadGoat|MikroTik/i.test(line));
}

const aheadMax = 6;

function openAhead(pi: UserPi, effects: UserPiEffect[]): UserPi | undefined {
  if (pi.control === "clear" || !pi.outstanding.every(({ purpose }) => openingAhead.has(purpose))) return undefined;
  const next = nextOfOpening(assumed(pi));
  return next === undefined || "code" in next ? undefined : send(pi, next, effects);
}

/** FEAT is the last of them: what comes next depends on its reply. */
const openingAhead: ReadonlySet<Purpose> = new Set(["pbsz", "prot"]);

function prepareAhead(pi: UserPi, job: TransferJob, effects: UserPiEffect[]): UserPi | undefined {
  const isPassive = pi.policy.dataSetup === "passive" && job.request.between === undefined;
  if (job.sent || job.aborting !== "no" || job.data.kind !== "none" || !isPassive) return undefined;
  const mayPass = (exchange: Exchange): boolean => leavesNoTrace(exchange) || preparing.has(exchange.purpose);
  if (pi.outstanding.every(mayPass)) {
    const parameter = nextParameter(assumed(pi), job.request);
    return parameter === undefined ? setUpData(pi, job, effects) : send(pi, parameter, effects);
  }
  const isPassiveLast = pi.outstanding.at(-1)?.purpose === "passive";
  return isPassiveLast && pi.restart !== (job.request.restartOffset ?? 0n) ? sendRestart(pi, job, effects) : undefined;
}

/** The passive command comes behind them, and then REST. */
const preparing: ReadonlySet<Purpose> = new Set(["type", "structure", "mode", "announce"]);

function leavesNoTrace({ purpose, verb }: Exchange): boolean {
  return purpose === "command" && pipelinedVerbs.has(verb.toUpperCase());
}
