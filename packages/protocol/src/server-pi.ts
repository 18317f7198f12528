import { type Command, type CommandLine, parseArgument, parseCommandLine } from "./command.ts";
import type { Octets } from "./octets.ts";
import { reply, type Reply } from "./reply.ts";
import type { MessageLevel } from "./security-envelope.ts";
import { type ServerPiState, stateAfterRein } from "./server-pi-state.ts";
import { isVerb, type VerbRow, type Verb, verbs, verbsNotImplemented, verbsOfOtherProtocols } from "./verbs.ts";

/** What the peer sent, a line or what stands in its place. */
export type PeerInput =
  /** `level`: the line came in MIC or ENC, which was opened. */
  | { readonly kind: "line"; readonly line: Octets; readonly level?: MessageLevel }
  | { readonly kind: "line-too-long" }
  | { readonly kind: "bare-line-feed" }
  /** MIC, ENC or CONF brought nothing that can be obeyed. */
  | { readonly kind: "envelope-refused"; readonly refusal: EnvelopeRefusal };

/**
 * Why: `not-base64`; `rejected`, the mechanism did not open it, it is a repetition, or sealed where ENC says encrypted;
 * `not-one-line`; `not-offered`, CONF.
 */
export type EnvelopeRefusal = "not-base64" | "rejected" | "not-one-line" | "not-offered";

/** The security context is over, by its time; what comes after it is answered as after the greeting, `fresh`. */
export interface SecurityLost<A> {
  readonly kind: "security-lost";
  readonly fresh: ServerPiState<A>;
}

/** What happens to the server-PI. */
export type ServerPiEvent<A> =
  | PeerInput
  | SecurityLost<A>
  /** The handler of the running command is done; its last reply and its changes. */
  | { readonly kind: "finished"; readonly reply: Reply | undefined; readonly changes: Partial<ServerPiState<A>> };

/** What the server-PI wants done, in order. */
export type ServerPiEffect =
  /**
   * `level`: that of the command which is answered; absent where it came in the clear. `refuses`: a verb that policy
   * forbids here, which an administrator may be asked about.
   */
  | { readonly kind: "send"; readonly reply: Reply; readonly level?: MessageLevel; readonly refuses?: Verb }
  /** Release the security context, behind what was sent. */
  | { readonly kind: "drop-security" }
  /** Run the handler and report `finished`. */
  | { readonly kind: "run"; readonly command: Command }
  /** Answer STAT now, beside the running transfer; there is no `finished` for it. */
  | { readonly kind: "report-status"; readonly level?: MessageLevel }
  /** End the running transfer; its handler finishes with 426. */
  | { readonly kind: "abort-transfer" }
  /** Stop or go on reading the control connection: the queue is full, or has room again. */
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  /** Close after what was sent; `reason` goes to the log. */
  | { readonly kind: "close"; readonly reason: string };

/** The running command, if any, and the input that waits behind it. */
export interface ServerPi<A> {
  readonly state: ServerPiState<A>;
  readonly running: Verb | undefined;
  /** How the running command was protected. */
  readonly level: MessageLevel | undefined;
  readonly queue: readonly (PeerInput | SecurityLost<A>)[];
  readonly closing: boolean;
}

export interface ServerPiStep<A> {
  readonly pi: ServerPi<A>;
  readonly effects: readonly ServerPiEffect[];
}

export function newServerPi<A>(state: ServerPiState<A>): ServerPi<A> {
  return { state, running: undefined, level: undefined, queue: [], closing: false };
}

/**
 * The server protocol interpreter: one event in, the next state and the effects out. Commands are answered in order,
 * one at a time; ABOR and STAT go ahead of a running transfer (RFC 959 §4.1.3), everything else waits in a bounded
 * queue (R-959-07, S-15). All sequence rules, access rules and protection rules that hold before a handler runs are
 * here and nowhere else.
 */
export function step<A>(pi: ServerPi<A>, event: ServerPiEvent<A>): ServerPiStep<A> {
  if (pi.closing) {
    return { pi: event.kind === "finished" ? { ...pi, running: undefined } : pi, effects: [] };
  }
  if (event.kind === "finished") return finish(pi, event.reply, event.changes);
  return pi.running === undefined ? take(pi, event) : whileRunning(pi, pi.running, event);
}

function take<A>(pi: ServerPi<A>, input: PeerInput | SecurityLost<A>): ServerPiStep<A> {
  switch (input.kind) {
    case "line":
      return input.level === undefined ? admit(pi, input.line) : admitSealed(pi, input.line, input.level);
    case "envelope-refused":
      return counted(pi, envelopeReplies[input.refusal]);
    case "security-lost":
      return {
        pi: { ...pi, state: stateAfterRein(pi.state, input.fresh) },
        effects: [
          { kind: "send", reply: reply(535, "The security context has expired; begin again with AUTH.") },
          { kind: "drop-security" },
        ],
      };
    case "line-too-long":
      return answer(pi, reply(500, "The line is too long."));
    case "bare-line-feed":
      return answer(pi, reply(500, "Lines end with CR LF."));
  }
}

function whileRunning<A>(pi: ServerPi<A>, running: Verb, input: PeerInput | SecurityLost<A>): ServerPiStep<A> {
  const line =
    input.kind === "line" && isTransfer(running) && !lacksSeal(pi.state, input.level)
      ? parseCommandLine(input.line)
      : undefined;
  if (line?.verb === "STAT" && (line.argument === undefined || line.argument === "")) {
    return { pi, effects: [{ kind: "report-status", ...levelOf(input) }] };
  }
  if (input.kind === "security-lost") {
    // What waits was sealed for a context that is over.
    return { pi: { ...pi, queue: [input] }, effects: isTransfer(running) ? [{ kind: "abort-transfer" }] : [] };
  }
  const aborts = line?.verb === "ABOR";
  const queue = aborts ? [input, ...pi.queue] : [...pi.queue, input];
  const effects: ServerPiEffect[] = aborts ? [{ kind: "abort-transfer" }] : [];
  if (queue.length === pi.state.policy.commandQueueMax) effects.push({ kind: "pause" });
  return { pi: { ...pi, queue }, effects };
}

function finish<A>(pi: ServerPi<A>, last: Reply | undefined, changes: Partial<ServerPiState<A>>): ServerPiStep<A> {
  const level = pi.level === undefined ? undefined : { level: pi.level };
  const effects: ServerPiEffect[] = last === undefined ? [] : [{ kind: "send", reply: last, ...level }];
  const state = { ...pi.state, ...(isTransfer(pi.running) ? consumed : {}), ...changes };
  if (last?.code === 221 || last?.code === 421) {
    effects.push({ kind: "close", reason: last.code === 221 ? "quit" : "the server ended the connection" });
    return { pi: { ...pi, state, running: undefined, level: undefined, queue: [], closing: true }, effects };
  }
  return drain({ ...pi, state, running: undefined, level: undefined }, effects);
}

/** REST, RANG and ALLO speak of the next transfer alone (RFC 3659 §5.3), also where that one failed or was refused. */
const consumed = { restart: { kind: "none" }, announcedBytes: undefined } as const;

function isTransfer(verb: Verb | undefined): boolean {
  return verb !== undefined && "transfers" in verbs[verb];
}

/** Takes queued input until a command has to run. */
function drain<A>(pi: ServerPi<A>, effects: ServerPiEffect[]): ServerPiStep<A> {
  const wasFull = pi.queue.length >= pi.state.policy.commandQueueMax;
  let current = pi;
  while (current.running === undefined && !current.closing) {
    const [input, ...queue] = current.queue;
    if (input === undefined) break;
    const admitted = take({ ...current, queue }, input);
    effects.push(...admitted.effects);
    current = admitted.pi;
  }
  if (wasFull && current.queue.length < pi.state.policy.commandQueueMax) effects.push({ kind: "resume" });
  return { pi: current, effects };
}

/** A command that came in MIC or ENC is judged as any other, and answered at its level (R-2228-11). */
function admitSealed<A>(pi: ServerPi<A>, line: Octets, level: MessageLevel): ServerPiStep<A> {
  // It was opened while REIN or AUTH waited before it.
  const isOver = pi.state.control !== "wrapped" && pi.state.control !== "cleared";
  if (isOver) return answer(pi, reply(503, "The security context is over."));
  const { pi: next, effects } = admit(pi, line, level);
  return {
    pi: next.running === undefined ? next : { ...next, level },
    effects: effects.map((effect) => (effect.kind === "send" ? { ...effect, level } : effect)),
  };
}

function admit<A>(pi: ServerPi<A>, line: Octets, level?: MessageLevel): ServerPiStep<A> {
  // vsftpd ignores empty lines because of NAT boxes that send them; so do we (R-959-15).
  if (line === "") return { pi, effects: [] };
  const { verb, argument }: CommandLine = parseCommandLine(line);
  if (lacksSeal(pi.state, level) && !unsealedVerbs.has(verb)) {
    return counted(pi, reply(533, "Commands have to be protected, by MIC or ENC."));
  }
  if (!isVerb(verb)) return refuseUnknown(pi, verb, line);
  const refusal = refusalBeforeGrammar(pi.state, verb);
  if (refusal !== undefined) return refuse(clearPair(pi, verb), verb, refusal);
  const command = parseArgument(verb, argument);
  if (!command.ok) return answer(clearPair(pi, verb), command.reply);
  const late = refusalAfterGrammar(pi.state, verb);
  if (late !== undefined) return refuse(clearPair(pi, verb), verb, late);
  return {
    pi: { ...clearPair(pi, verb), running: verb },
    effects: [{ kind: "run", command: command.value as Command }],
  };
}

/** Whether a command came in the clear where it may not (R-2228-10). */
function lacksSeal<A>(state: ServerPiState<A>, level: MessageLevel | undefined): boolean {
  return state.control === "wrapped" && level === undefined;
}

/** They begin anew, and so need no protection by what was before (R-2228-10). */
const unsealedVerbs: ReadonlySet<string> = new Set(["AUTH", "ADAT"]);

function levelOf(input: { readonly level?: MessageLevel } | object): { readonly level?: MessageLevel } {
  return "level" in input && input.level !== undefined ? { level: input.level } : {};
}

const envelopeReplies: Readonly<Record<EnvelopeRefusal, Reply>> = {
  "not-base64": reply(501, "The argument is not base64."),
  rejected: reply(535, "The message was not accepted."),
  "not-one-line": reply(501, "One command line is needed."),
  "not-offered": reply(537, "CONF is not offered; use ENC."),
};

/** RNFR and SITE CPFR hold for the very next command alone (D-12); SITE may be the CPTO that it waits for. */
function clearPair<A>(pi: ServerPi<A>, verb: Verb): ServerPi<A> {
  const { pair } = pi.state;
  if (pair.kind === "none" || verb === (pair.kind === "rename-from" ? "RNTO" : "SITE")) return pi;
  return { ...pi, state: { ...pi.state, pair: { kind: "none" } } };
}

function refusalBeforeGrammar<A>(state: ServerPiState<A>, verb: Verb): Reply | undefined {
  const row: VerbRow = verbs[verb];
  if (row.capability !== undefined && !state.policy.capabilities.has(row.capability)) {
    // CCC that is known but off is 534 when TLS is there to be ended, 533 in the clear (D-15).
    if (verb !== "CCC") return reply(502, "This command is switched off.");
  }
  if (row.access === "logged-in" && state.login.kind !== "logged-in") return reply(530, "Log in first.");
  return undefined;
}

function refusalAfterGrammar<A>(state: ServerPiState<A>, verb: Verb): Reply | undefined {
  const row: VerbRow = verbs[verb];
  if (row.forbiddenByEpsvAll === true && state.epsvAll) return reply(503, "EPSV ALL was given.");
  if (verb === "RNTO" && state.pair.kind !== "rename-from") return reply(503, "RNFR comes first.");
  return row.transfers !== undefined && state.policy.requireTlsForData ? refusalOfData(state) : undefined;
}

/** RFC 4217 §10.2 under TLS, RFC 2228 §6 under a mechanism with messages (D-02). */
function refusalOfData<A>({ control, policy, protectionLevel }: ServerPiState<A>): Reply | undefined {
  if (control === "wrapped" && !policy.messagesSuffice) return reply(534, "Data connections need TLS here.");
  if (protectionLevel !== "C") return undefined;
  const [code, levels] = control === "wrapped" ? [534, "S or P"] : [521, "P"];
  return reply(code, `Data connections need protection here: send PROT ${levels} first.`);
}

function refuseUnknown<A>(pi: ServerPi<A>, verb: string, line: Octets): ServerPiStep<A> {
  if (verbsOfOtherProtocols.has(verb) || /^\S+ (?:LOGIN|CAPABILITY|STARTTLS|AUTHENTICATE)\b/i.test(line)) {
    return close(pi, reply(421, "This is an FTP server."), "spoke another protocol");
  }
  if (verbsNotImplemented.has(verb)) return answer(pi, reply(502, "This command is not implemented."));
  return counted(pi, reply(500, "Unknown command."));
}

/** Answers what no honest client sends often. */
function counted<A>(pi: ServerPi<A>, given: Reply): ServerPiStep<A> {
  const unknownVerbsCount = pi.state.unknownVerbsCount + 1;
  const next = { ...pi, state: { ...pi.state, unknownVerbsCount, pair: { kind: "none" } as const } };
  return unknownVerbsCount > pi.state.policy.unknownVerbsMax
    ? close(next, reply(421, "Too many unknown commands."), "sent too many unknown commands")
    : answer(next, given);
}

function answer<A>(pi: ServerPi<A>, given: Reply): ServerPiStep<A> {
  return { pi, effects: [{ kind: "send", reply: given }] };
}

/** Refusals by policy are told apart from those of a wrong order, which are the client's own affair. */
const policyCodes: ReadonlySet<number> = new Set([502, 521, 534]);

function refuse<A>(pi: ServerPi<A>, verb: Verb, given: Reply): ServerPiStep<A> {
  if (!policyCodes.has(given.code)) return answer(pi, given);
  return { pi, effects: [{ kind: "send", reply: given, refuses: verb }] };
}

function close<A>(pi: ServerPi<A>, given: Reply, reason: string): ServerPiStep<A> {
  return {
    pi: { ...pi, closing: true, queue: [] },
    effects: [
      { kind: "send", reply: given },
      { kind: "close", reason },
    ],
  };
}
