import { codeOf, type Answer, type ProbeConnection } from "./control.ts";
import { dataTls, openData, passiveReply, readOverTls, type DataWire } from "./data.ts";
import { claimFeatures, type ClaimedFeature } from "./features.ts";
import { strangerAddress } from "./own-addresses.ts";
import type { LoggedIn, Visitor } from "./visitor.ts";

/** How the server behaves when something unusual happens to data connections; nothing is written. */
export interface ConductFacts {
  /** What a passive port does with a connection from another address; undefined where this machine has but one. */
  readonly theft: TheftFacts | undefined;
  /** A listing whose data connection was closed before its TLS began. */
  readonly unclaimed: Answer | undefined;
  readonly abort: AbortFacts | undefined;
  /** Every feature of FEAT that can be tried without writing. */
  readonly features: readonly ClaimedFeature[];
}

/** EPSV ALL, and what PASV gets behind it (RFC 2428 §4). */
export interface ExtendedAllFacts {
  readonly all: Answer;
  readonly passive: Answer;
}

/** What came of a data connection that a stranger opened first (RFC 2577 §8). */
export interface TheftFacts {
  readonly from: string;
  /** Octets that the stranger got, inside TLS resumed with the login's own ticket; undefined where he got none. */
  readonly stolenBytes: number | undefined;
  /** The last reply to LIST. */
  readonly answer: Answer;
}

export interface AbortFacts {
  /** Replies from ABOR on, up to the one to NOOP. */
  readonly answers: readonly Answer[];
  /** Whether both had a last reply, the transfer and ABOR. */
  readonly isAnswered: boolean;
  /** Whether NOOP behind it was answered. */
  readonly goesOn: boolean;
}

/** Tries what may end the control connection: the visitor logs in anew where it does. */
export async function probeConduct(visitor: Visitor): Promise<ConductFacts> {
  const features = (await visitor.trying(({ connection }) => claimFeatures(connection))) ?? [];
  const unclaimed = await visitor.trying((entered) => leaveUnclaimed(entered));
  const abort = await visitor.trying((entered) => abortListing(entered));
  const theft = await visitor.trying((entered) => steal(entered));
  return { features, unclaimed, abort, theft };
}

/** What cannot be taken back, so that nothing that needs PORT or PASV may follow. */
export function probeExtendedAll(visitor: Visitor): Promise<ExtendedAllFacts | undefined> {
  return visitor.trying(async ({ connection }) => ({
    all: await connection.command("EPSV ALL"),
    passive: await connection.command("PASV"),
  }));
}

/** What a server is given before it notices that a data connection went, or that a stranger came. */
const noticeMs = 1500;
const glanceMs = 50;

async function leaveUnclaimed({ connection }: LoggedIn): Promise<Answer> {
  const wire = await openData(connection, await passiveReply(connection));
  connection.send("LIST");
  const preliminary = await connection.anyReply();
  wire?.tap.destroy();
  return codeOf(preliminary) >= 200 || codeOf(preliminary) === 0 ? preliminary : connection.reply();
}

async function abortListing({ connection, control }: LoggedIn): Promise<AbortFacts> {
  const wire = await openData(connection, await passiveReply(connection));
  connection.send("LIST");
  const preliminary = await connection.anyReply();
  const isRefused = codeOf(preliminary) >= 200;
  const reading = wire && !isRefused ? readOverTls(connection, wire, control.tickets.at(-1), noticeMs) : undefined;
  connection.send("ABOR");
  const answers: Answer[] = [await connection.reply(noticeMs)];
  // What ends the transfer has mostly been said by then, so that NOOP's is the last reply.
  await reading;
  connection.send("NOOP");
  // Three at most: 426 to the transfer, 226 or 225 to ABOR, 200 to NOOP.
  for (let last = answers[0]; last?.kind === "reply" && last.code !== 200 && answers.length < 4;) {
    last = await connection.reply(noticeMs);
    answers.push(last);
  }
  wire?.tap.destroy();
  const goesOn = codeOf(answers.at(-1)) === 200;
  return { answers, goesOn, isAnswered: answers.length > (isRefused ? 1 : 2) };
}

/** A stranger connects first, from another address of ours; who is logged in comes after. */
async function steal({ connection, control }: LoggedIn): Promise<TheftFacts | undefined> {
  const from = strangerAddress(connection.localAddress);
  if (from === undefined) return undefined;
  const passive = await passiveReply(connection);
  const stranger = await openData(connection, passive, from);
  if (stranger === undefined) return undefined;
  connection.send("LIST");
  const preliminary = await replyOrEnd(connection, stranger);
  if (codeOf(preliminary) >= 200) {
    stranger.tap.destroy();
    return { from, stolenBytes: undefined, answer: preliminary };
  }
  const stolen = await readOverTls(connection, stranger, control.tickets.at(-1), noticeMs);
  stranger.tap.destroy();
  if (stolen.secured !== undefined) {
    return { from, stolenBytes: stolen.listingBytes, answer: await connection.reply(noticeMs) };
  }
  return {
    from,
    stolenBytes: undefined,
    answer: await claim(await openData(connection, passive), { connection, control }),
  };
}

/** The reply to LIST; a server that shows the stranger the door may wait for the client without one. */
async function replyOrEnd(connection: ProbeConnection, stranger: DataWire): Promise<Answer> {
  stranger.tap.resume();
  const endMs = performance.now() + noticeMs;
  let answer: Answer;
  do answer = await connection.anyReply(glanceMs);
  while (
    answer.kind === "silent" &&
    !stranger.tap.readableEnded &&
    !stranger.tap.destroyed &&
    performance.now() < endMs
  );
  stranger.tap.pause();
  return answer;
}

/** Ends what the stranger began, from the right address, if the server still waits for that. */
async function claim(
  wire: DataWire | undefined,
  { connection, control }: Pick<LoggedIn, "connection" | "control">,
): Promise<Answer> {
  const tls = wire && dataTls(connection.server, wire, control.tickets.at(-1));
  tls?.socket.resume();
  const answer = await connection.reply(noticeMs);
  wire?.tap.destroy();
  return answer;
}
