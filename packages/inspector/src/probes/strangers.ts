import { randomBytes } from "node:crypto";
import { codeOf, type Answer, type ConnectFailure, type ProbeConnection } from "./control.ts";
import type { InspectedServer } from "./inspected-server.ts";
import { secureConnection, type LoginPlace } from "./secure-connection.ts";

/** What USER gets for a name that there is and for one that there is not; no password follows either. */
export interface NamesAskedFacts extends LoginPlace {
  readonly real: TimedAnswer;
  readonly made: TimedAnswer;
}

export interface TimedAnswer {
  /** As USER had it; empty for a password. */
  readonly name: string;
  readonly answer: Answer;
  /** The quickest of several. */
  readonly tookMs: number;
}

const roundsCount = 3;

export async function probeNamesAsked(
  server: InspectedServer,
  place: LoginPlace,
  user: string,
): Promise<NamesAskedFacts | ConnectFailure> {
  const opened = await secureConnection(server, place.mode, place.port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  const stranger = madeUpName();
  let real: TimedAnswer | undefined;
  let made: TimedAnswer | undefined;
  for (let round = 0; round < roundsCount; round++) {
    real = quicker(real, await timed(connection, `USER ${user}`, user));
    made = quicker(made, await timed(connection, `USER ${stranger}`, stranger));
  }
  const nothing: TimedAnswer = { name: "", answer: { kind: "closed" }, tookMs: 0 };
  return { ...place, real: real ?? nothing, made: made ?? nothing };
}

/** What a server does against whoever tries passwords; asked with a name that nobody has. */
export interface GuessesFacts extends LoginPlace {
  /** Replies to PASS, in their order; the last may be the end of the connection. */
  readonly tries: readonly TimedAnswer[];
}

const triesMax = 5;

export async function probeGuesses(server: InspectedServer, place: LoginPlace): Promise<GuessesFacts | ConnectFailure> {
  const opened = await secureConnection(server, place.mode, place.port);
  if ("kind" in opened) return opened;
  await using connection = opened.connection;
  const stranger = madeUpName();
  const tries: TimedAnswer[] = [];
  while (tries.length < triesMax && !connection.isOver) {
    const named = await connection.command(`USER ${stranger}`);
    if (codeOf(named) !== 331) {
      if (tries.length === 0) tries.push({ name: stranger, answer: named, tookMs: 0 });
      break;
    }
    const tried = await timed(connection, "PASS sallyport-inspect");
    tries.push(tried);
    if (tried.answer.kind !== "reply") break;
  }
  return { ...place, tries };
}

function madeUpName(): string {
  return `sallyport-${randomBytes(4).toString("hex")}`;
}

async function timed(connection: ProbeConnection, line: string, name = ""): Promise<TimedAnswer> {
  const beginMs = performance.now();
  const answer = await connection.command(line);
  return { name, answer, tookMs: performance.now() - beginMs };
}

/** The first answer with the quickest time. */
function quicker(before: TimedAnswer | undefined, now: TimedAnswer): TimedAnswer {
  return before === undefined ? now : { ...before, tookMs: Math.min(before.tookMs, now.tookMs) };
}
