import { limits } from "@sallyport/protocol";
import { WireTap } from "@sallyport/transport";
import { problemWords, type ExplainEvent, type Problem, type TlsMode } from "../model/index.ts";
import { connectTcp } from "./connect.ts";
import { standardPorts, type ExplainOptions } from "./explain.ts";
import { clientContexts, endConnection, startTls } from "./handshake.ts";
import { Lane } from "./lane.ts";
import { sclientReport } from "./sclient-report.ts";

/**
 * Dialogues that show the difference between the modes with two ordinary programs: `telnet` on the implicit port is
 * cut off without a word, `openssl s_client` on the same port is greeted inside TLS, `telnet` on the explicit port is
 * greeted in clear and may ask for TLS.
 */
export const dialogueNames = ["telnet-implicit", "s_client-implicit", "telnet-explicit"] as const;

export type DialogueName = (typeof dialogueNames)[number];

/** One line of a dialogue. */
export interface DialogueLine {
  readonly atMs: number;
  /**
   * `started`: the program as a person would call it; `typed` by the person; `received` from the server; `said` by the
   * program; `outcome`: what the dialogue shows, always last.
   */
  readonly kind: "started" | "typed" | "received" | "said" | "outcome";
  /** Escaped, without a line end. */
  readonly text: string;
  /** Whether the line crossed the wire for anyone to read. */
  readonly clear: boolean;
  /** Of the outcome: whether the server behaves as its mode demands. */
  readonly asExpected?: boolean;
}

/**
 * Replays a dialogue against a server and yields it line by line. What goes wrong with the server is the outcome, not
 * an error.
 *
 * @throws the reason of `signal` when that aborts.
 */
export async function* runDialogue(
  name: DialogueName,
  host: string,
  options: ExplainOptions = {},
): AsyncGenerator<DialogueLine, void, void> {
  const { mode, play } = dialogues[name];
  const port = { ...standardPorts, ...options.ports }[mode];
  const startedMs = performance.now();
  const ending = new AbortController();
  const lane = new Lane({
    mode,
    now: () => performance.now() - startedMs,
    timeoutMs: options.timeoutMs ?? limits.handshakeMs.value,
    signal: options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal,
    emit: () => {},
  });
  const say: Say = (kind, text, clear = false) => ({
    atMs: Math.round(performance.now() - startedMs),
    kind,
    text,
    clear,
  });
  const stage: Stage = { lane, host, port, options, say };
  let tap: WireTap | undefined;
  try {
    yield say("started", `${programs[name]} ${name === "s_client-implicit" ? `${host}:${port}` : `${host} ${port}`}`);
    const connection = await connectTcp(lane, host, port);
    if (!(connection instanceof WireTap)) return yield outcomeOf(stage, mode, connection);
    tap = connection;
    yield* play(stage, tap);
  } finally {
    ending.abort();
    tap?.destroy();
  }
}

interface Stage {
  readonly lane: Lane;
  readonly host: string;
  readonly port: number;
  readonly options: ExplainOptions;
  readonly say: Say;
}

type Say = (kind: DialogueLine["kind"], text: string, clear?: boolean) => DialogueLine;
type Play = (stage: Stage, tap: WireTap) => AsyncGenerator<DialogueLine, void, void>;

const programs: Readonly<Record<DialogueName, string>> = {
  "telnet-implicit": "telnet",
  "s_client-implicit": "openssl s_client -connect",
  "telnet-explicit": "telnet",
};

const dialogues: Readonly<Record<DialogueName, { readonly mode: TlsMode; readonly play: Play }>> = {
  "telnet-implicit": { mode: "implicit", play: telnetImplicit },
  "s_client-implicit": { mode: "implicit", play: sclientImplicit },
  "telnet-explicit": { mode: "explicit", play: telnetExplicit },
};

/** How long a port is watched that should say nothing. */
const silenceMs = 1000;

async function* telnetImplicit(stage: Stage, tap: WireTap): AsyncGenerator<DialogueLine, void, void> {
  const { lane, say } = stage;
  yield say("said", `Connected to ${stage.host}.`);
  tap.resume().on("error", () => {});
  const early = await lane.until(fromServer, "greeting", { timeoutMs: Math.min(silenceMs, lane.timeoutMs) });
  if ("found" in early) return yield* spokeInClear(stage, early.found);
  if (early.problem.id === "silent") yield say("said", `(nothing for ${early.problem.timeoutMs / 1000} s)`);
  yield say("typed", "HELP", true);
  tap.write("HELP\r\n");
  const answer = await lane.until(fromServer, "greeting");
  if ("found" in answer && answer.found.kind !== "alert") return yield* spokeInClear(stage, answer.found);
  if ("found" in answer) yield say("received", `TLS alert, ${answer.found.length} octets`, true);
  const end = "found" in answer ? await lane.until(() => undefined, "greeting") : answer;
  if ("problem" in end && end.problem.id === "silent") {
    const text = `The connection is still open ${end.problem.timeoutMs / 1000} s after clear text: the server should have closed it.`;
    return yield { ...say("outcome", text), asExpected: false };
  }
  yield say("said", "Connection closed by foreign host.");
  const text = "The port takes nothing but TLS: clear text is dropped without a reply of FTP.";
  yield { ...say("outcome", text), asExpected: true };
}

async function* spokeInClear(stage: Stage, event: ExplainEvent): AsyncGenerator<DialogueLine, void, void> {
  const line = "line" in event ? event.line : `${event.length} octets`;
  yield stage.say("received", line, true);
  yield outcomeOf(stage, "implicit", { id: "clear-on-implicit", line });
}

async function* sclientImplicit(stage: Stage, tap: WireTap): AsyncGenerator<DialogueLine, void, void> {
  const { lane, say, host, options } = stage;
  yield say("said", "CONNECTED");
  const insecure = options.insecure === true;
  const socket = await startTls(lane, tap, { host, insecure, context: clientContexts(options)("full"), alpn: [] });
  if (!("encrypted" in socket)) return yield outcomeOf(stage, "implicit", socket);
  // Drawn up behind the greeting, when our own last handshake record is sure to have been seen.
  const greeting = await nextLines(lane, 0, "greeting-in-tls");
  for (const line of sclientReport(socket, lane.events)) yield say("said", line);
  if ("problem" in greeting) return yield outcomeOf(stage, "implicit", greeting.problem);
  for (const line of greeting.lines) yield say("received", line);
  await endConnection(socket, lane.signal);
  const verified = lane.events.some((event) => event.kind === "verification" && event.verdict !== "failed");
  const text = `TLS stands before the first word of FTP${verified ? "" : ", but the certificate is not verified"}.`;
  yield { ...say("outcome", text), asExpected: greeting.code === 220 && verified };
}

async function* telnetExplicit(stage: Stage, tap: WireTap): AsyncGenerator<DialogueLine, void, void> {
  const { lane, say } = stage;
  yield say("said", `Connected to ${stage.host}.`);
  tap.resume().on("error", () => {});
  const greeting = await nextLines(lane, 0, "greeting");
  if ("problem" in greeting) return yield outcomeOf(stage, "explicit", greeting.problem);
  for (const line of greeting.lines) yield say("received", line, true);
  if (greeting.code !== 220) return yield { ...say("outcome", "The server does not greet."), asExpected: false };
  yield say("typed", "AUTH TLS", true);
  const asked = lane.events.length;
  tap.write("AUTH TLS\r\n");
  const answer = await nextLines(lane, asked, "auth-reply");
  if ("problem" in answer) return yield outcomeOf(stage, "explicit", answer.problem);
  for (const line of answer.lines) yield say("received", line, true);
  if (answer.code !== 234) {
    return yield outcomeOf(stage, "explicit", {
      id: "auth-refused",
      code: answer.code,
      line: answer.lines.at(-1) ?? "",
    });
  }
  const text =
    "All of this was readable on the wire; from here the server waits for a ClientHello, which telnet cannot send.";
  yield { ...say("outcome", text), asExpected: true };
}

/** Octets from the server, whatever they are; the end of the connection is none. */
function fromServer(event: ExplainEvent): ExplainEvent | undefined {
  return event.direction === "to-client" && event.length > 0 ? event : undefined;
}

/** The lines of the next whole reply; code 0 where a line is none. */
async function nextLines(
  lane: Lane,
  from: number,
  awaited: "greeting" | "auth-reply" | "greeting-in-tls",
): Promise<{ readonly lines: readonly string[]; readonly code: number } | { readonly problem: Problem }> {
  const lines: string[] = [];
  const reply = await lane.until(
    (event) => {
      if (event.direction !== "to-client" || (event.kind !== "reply" && event.kind !== "text")) return undefined;
      lines.push(event.line);
      if (event.kind === "text") return { code: 0 };
      return event.last === true && (event.code ?? 0) >= 200 ? { code: event.code ?? 0 } : undefined;
    },
    awaited,
    { from },
  );
  return "problem" in reply ? reply : { lines, code: reply.found.code };
}

function outcomeOf(stage: Stage, mode: TlsMode, problem: Problem): DialogueLine {
  const { sentence } = problemWords(problem, { host: stage.host, mode, port: stage.port });
  return { ...stage.say("outcome", sentence), asExpected: false };
}
