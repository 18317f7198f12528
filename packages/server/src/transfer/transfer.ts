import { isSallyportError, reply, type Reply, SallyportError, TlsError, type VirtualPath } from "@sallyport/protocol";
import {
  canonicalAddress,
  type DataConnection,
  type DataFacts,
  type DataMessages,
  judgeDataResumption,
} from "@sallyport/transport";
import { StorageError } from "@sallyport/server/storage";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { type CommandContext, loginOf, type Outcome } from "../command-handler.ts";
import type { TransferProgress } from "../connection/deadlines.ts";
import type { PublishedFacts, TransferFacts } from "../observer.ts";
import type { FxpOptions } from "../options.ts";
import { replyForStorageError } from "../storage-replies.ts";
import { TransferAborted } from "./transfer-aborted.ts";

/** One transfer, from the command that was found to be possible to its completion reply. */
export interface TransferPlan {
  readonly direction: TransferFacts["direction"];
  readonly path: VirtualPath;
  /** The preliminary reply, 150. */
  readonly opening: Reply;
  /** Moves everything; returns the octets of the file that moved. Throws what the table below knows. */
  move(data: DataConnection, report: (bytes: number) => void): Promise<number>;
  /** After a move that went well: publishes an upload. */
  conclude?(): Promise<void>;
  /** After anything else: gives up what was opened. `keep`: what came is worth continuing. */
  giveUp?(keep: boolean): Promise<void>;
  /** What is known of the file that the conclusion published. */
  published?(): PublishedFacts | undefined;
  /** Overrides the text of 226. */
  readonly completion?: string;
}

/** How a transfer failed, in the reply's code and text and in the log's words. */
interface Failure {
  readonly reply: Reply;
  readonly cause: string;
  readonly fix?: string;
}

/**
 * The server-DTP: opens the data connection that was prepared, says 150, protects it, moves the octets and tells how it
 * went. 150 goes out before the handshake is waited for, since clients withhold theirs until they see it; a handshake
 * that failed before the command is answered 522 without 150.
 */
export async function runTransfer(context: CommandContext, plan: TransferPlan): Promise<Outcome> {
  const startedAtMs = performance.now();
  const early = context.data.earlyFailure;
  const connect = context.data.take();
  if (connect === undefined || early !== undefined) {
    await plan.giveUp?.(false);
    if (early === undefined) return { reply: reply(425, "Send EPSV or PASV first.") };
    const refused = dataFailure(early);
    const endedAtMs = performance.now();
    reportTransfer(context, plan, { bytes: 0, startedAtMs, endedAtMs, facts: undefined, failure: refused });
    return { reply: refused.reply };
  }
  const { verb } = context;
  const progress: TransferProgress = {
    verb,
    direction: plan.direction,
    path: plan.path,
    protectionLevel: context.state.protectionLevel,
    bytes: 0,
    sinceMs: startedAtMs,
  };
  context.noteProgress(progress);
  const report = (moved: number): void => void (progress.bytes = moved);
  let facts: DataFacts | undefined;
  let failure: Failure | undefined;
  try {
    await using data = await openData(context, plan, connect);
    facts = await secureData(context, plan, data);
    const dataTls = dataTlsOf(facts);
    if (dataTls !== undefined) progress.tls = dataTls;
    progress.bytes = await plan.move(data, report);
    await data.finish();
    if (plan.direction === "upload") await settle(context, startedAtMs);
    await plan.conclude?.();
  } catch (error) {
    await plan.giveUp?.(progress.bytes > 0 && !isOutOfRoom(error)).catch(() => undefined);
    failure = failureOf(context, error);
  }
  const endedAtMs = performance.now();
  const tell = (): void =>
    reportTransfer(context, plan, { bytes: progress.bytes, startedAtMs, endedAtMs, facts, failure });
  const last = failure?.reply ?? reply(226, plan.completion ?? "Transfer complete.");
  // Who hears of an upload hears of it before the peer does.
  if (plan.direction === "upload") tell();
  return plan.direction === "upload" ? { reply: last } : { reply: last, afterwards: tell };
}

async function openData(
  context: CommandContext,
  plan: TransferPlan,
  connect: (signal: AbortSignal) => Promise<DataConnection>,
): Promise<DataConnection> {
  context.send(plan.opening);
  try {
    return await connect(context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    throw new NoDataConnection(error);
  }
}

async function secureData(context: CommandContext, plan: TransferPlan, data: DataConnection): Promise<DataFacts> {
  const { state, control, environment } = context;
  const messages = dataMessagesOf(context);
  data.begin({ direction: plan.direction === "upload" ? "receive" : "send", level: state.protectionLevel, messages });
  const facts = await data.ready(context.signal);
  if (facts.tls === undefined || facts.tls.role === "client") return facts;
  const { account } = loginOf(context);
  const verdict = judgeDataResumption({
    policy: environment.dataPolicyFor(control.listener, account).resumption,
    resumed: facts.tls.resumed,
    helloBroughtTicket: facts.tls.helloBroughtTicket,
    clientHasResumed: facts.tls.clientHasResumed,
    ticketsSpent: control.ticketsSpent,
    isOtherServer: isOtherServer(environment.options.fxp, data.remoteAddress),
    sameClientCertificate: facts.tls.clientCertificateFingerprint === control.tls?.clientCertificate?.fingerprint,
  });
  if (!verdict.accept) throw new TlsError("SALLYPORT_DATA_NOT_RESUMED", verdict.cause);
  return facts;
}

/** Sealed blocks in the place of TLS, where the control connection has a security context (RFC 2228 §8.2). */
function dataMessagesOf({ state, control }: CommandContext): DataMessages | undefined {
  const { security } = control;
  const { protectionBufferBytes: bufferBytes } = state;
  if (security === undefined || bufferBytes === undefined) return undefined;
  return { security, confidential: state.protectionLevel === "P", bufferBytes };
}

function isOtherServer(fxp: FxpOptions | undefined, address: string | undefined): boolean {
  const canonical = canonicalAddress(address ?? "");
  return canonical !== undefined && (fxp?.addresses.includes(canonical) ?? false);
}

/**
 * Lets a control connection that ends together with the data connection be seen before an upload is published. A
 * client that is killed closes both in any order; curl that gives up (`--max-time`) even ends its data with
 * close_notify, and the end of its control connection follows within a millisecond (measured, 7.88.1). A fiftieth of
 * the transfer's own time is waited, which costs long uploads little and short ones one turn of the event loop.
 */
async function settle({ signal, limits }: CommandContext, startedAtMs: number): Promise<void> {
  const waitMs = Math.min((performance.now() - startedAtMs) / settleShare, limits.uploadSettleMs);
  if (waitMs >= 1) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  else {
    // The first ends this turn of the event loop, the second comes after sockets were looked at again.
    await nextTurn();
    await nextTurn();
  }
  signal.throwIfAborted();
}

const settleShare = 50;

/** The peer never came, or could not be reached. */
class NoDataConnection extends SallyportError {
  constructor(cause: unknown) {
    super("SALLYPORT_NO_DATA_CONNECTION", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** A part that cannot grow for lack of room would only keep the room that is lacking. */
function isOutOfRoom(error: unknown): boolean {
  return error instanceof StorageError && (error.kind === "no-space" || error.kind === "quota-exceeded");
}

function failureOf(context: CommandContext, error: unknown): Failure {
  if (error instanceof TransferAborted) return { reply: reply(426, "Transfer aborted."), cause: error.message };
  if (error instanceof StorageError) {
    return { reply: replyForStorageError(error.kind, context.verb), cause: error.message };
  }
  if (error instanceof NoDataConnection) {
    return {
      reply: reply(425, "The data connection could not be opened."),
      cause: error.message,
      fix: "open the passive port range in the firewall and tell NAT's address with --masquerade, or use passive mode in the client",
    };
  }
  if (isSallyportError(error)) return dataFailure(error);
  throw error;
}

function dataFailure(error: SallyportError): Failure {
  const row = dataFailures[error.code] ??
    messageFailures[error.code] ?? {
      code: error instanceof TlsError ? 522 : 426,
      text: "The data connection failed.",
    };
  return { reply: reply(row.code, row.text), cause: error.message, ...(row.fix === undefined ? {} : { fix: row.fix }) };
}

/** Replies for what can go wrong on a data connection; RFC 4217 §10.2 and §11.4 (522), RFC 959 §5.4. */
const dataFailures: Readonly<Record<string, { code: number; text: string; fix?: string }>> = {
  SALLYPORT_DATA_NOT_RESUMED: {
    code: 522,
    text: "TLS on the data connection did not resume the TLS of the control connection.",
    fix: "turn on TLS resumption in the client, or set --data-resumption offer",
  },
  SALLYPORT_DATA_LEVEL_CHANGED: {
    code: 425,
    text: "PROT came after TLS had begun on the data connection; send EPSV again.",
  },
  SALLYPORT_DATA_TRUNCATED: {
    code: 426,
    text: "The data connection ended without close_notify; the upload is not complete.",
    fix: "update the client; for one that never sends close_notify set --unclean-data-close accept",
  },
};

/** RFC 2228 §6: what the mechanism does not let through is 535; a stream without its end is cut, and 426. */
const messageFailures: typeof dataFailures = {
  SALLYPORT_DATA_BLOCK_SIZE: { code: 535, text: "A block of the data connection is larger than PBSZ allows." },
  SALLYPORT_DATA_MESSAGE_REJECTED: { code: 535, text: "A block of the data connection was not accepted." },
  SALLYPORT_DATA_NOT_CONFIDENTIAL: { code: 535, text: "A block of the data connection is not private." },
  SALLYPORT_DATA_OUT_OF_ORDER: { code: 535, text: "The blocks of the data connection are not in order." },
  SALLYPORT_DATA_SECURITY_LOST: { code: 535, text: "The security mechanism failed." },
  SALLYPORT_DATA_NO_FINAL_BLOCK: { code: 426, text: "The data connection ended without the empty block at its end." },
};

interface TransferResult {
  readonly bytes: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly facts: DataFacts | undefined;
  readonly failure: Failure | undefined;
}

function reportTransfer(context: CommandContext, plan: TransferPlan, result: TransferResult): void {
  const { facts, failure } = result;
  const { account } = loginOf(context);
  const dataTls = dataTlsOf(facts);
  const published = failure === undefined ? plan.published?.() : undefined;
  const durationMs = result.endedAtMs - result.startedAtMs;
  if (
    failure !== undefined &&
    (failure.reply.code === 425 || failure.reply.code === 522 || failure.fix !== undefined)
  ) {
    context.emit({
      kind: "data-connection-failed",
      verb: context.verb,
      replyCode: failure.reply.code,
      cause: failure.cause,
      fix: failure.fix ?? "see the cause",
    });
  }
  context.emit({
    kind: "transfer",
    verb: context.verb,
    direction: plan.direction,
    path: plan.path,
    bytes: result.bytes,
    startedAtMs: Date.now() - durationMs,
    durationMs,
    complete: failure === undefined,
    ...(failure === undefined ? {} : { cause: failure.cause }),
    type: context.state.parameters.type,
    protectionLevel: context.state.protectionLevel,
    ...(dataTls === undefined ? {} : { dataTls }),
    anonymous: account.anonymous,
    ...(published === undefined ? {} : { published }),
  });
}

function dataTlsOf(facts: DataFacts | undefined): TransferFacts["dataTls"] {
  if (facts?.tls === undefined) return undefined;
  const { protocol, suite, resumed } = facts.tls;
  return { protocol, suite, resumed };
}
