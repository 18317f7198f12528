import type {
  ClientHelloFacts,
  Direction,
  ExplainEvent,
  HandshakeFacts,
  ServerHelloFacts,
  TlsMode,
  VerificationEvent,
} from "./events.ts";
import { isClearFtp } from "./events.ts";
import type { Problem } from "./problems.ts";

/** What one mode came to; of several attempts the last one counts. */
export interface ModeSummary {
  readonly mode: TlsMode;
  /** Address and port of the connection, once it stood. */
  readonly connectedTo: string | undefined;
  /** How far it came: nothing answered, TCP, or a finished TLS handshake. */
  readonly reached: "nothing" | "tcp" | "tls";
  /** Octets of FTP in clear, both directions, line ends included. */
  readonly clearFtpOctets: number;
  /** The clear lines themselves, in their order: what anyone on the wire has read. */
  readonly clearLines: readonly string[];
  readonly turn: Turn | undefined;
  /** Round trips from the SYN until USER can be sent without being read; undefined where it never can. */
  readonly roundTrips: number | undefined;
  /** Whether one of them went to a HelloRetryRequest: no key share of the first hello suited the server. */
  readonly retryRequested: boolean;
  readonly clientHello: ClientHelloFacts | undefined;
  readonly serverHello: ServerHelloFacts | undefined;
  /** The group of the key exchange, from the ServerHello or from the ServerKeyExchange of TLS 1.2. */
  readonly group: string | undefined;
  /** Whether the certificate crossed the wire readable, as it does in TLS 1.2. */
  readonly certificateReadable: boolean;
  readonly encryptedRecords: number;
  readonly encryptedOctets: number;
  readonly verification: VerificationEvent | undefined;
  /** The first reply, wherever it came. */
  readonly greeting: string | undefined;
  /** Whether a second attempt with a small ClientHello was needed. */
  readonly retried: boolean;
  readonly problem: Problem | undefined;
}

/** Where a connection turned from clear lines to TLS. */
export interface Turn {
  readonly atMs: number;
  /** Octets in clear before it, in each direction. */
  readonly clearToServer: number;
  readonly clearToClient: number;
}

/** Sums up the events of one mode. */
export function summarise(events: readonly ExplainEvent[], mode: TlsMode): ModeSummary {
  const own = events.filter((event) => event.mode === mode && event.connection === "control");
  const attempt = own.slice(
    Math.max(
      0,
      own.findLastIndex((event) => event.kind === "connecting"),
    ),
  );
  const messages = attempt.flatMap((event) => (event.kind === "messages" ? event.messages : []));
  const serverHello = messages.findLast((message) => message.kind === "server-hello");
  const clear = attempt.filter(isClearFtp);
  const sealed = attempt.filter((event) => event.kind === "encrypted");
  return {
    mode,
    connectedTo: attempt.flatMap((event) => (event.kind === "connected" ? [event.text] : []))[0],
    reached: reachedBy(attempt),
    clearFtpOctets: clear.reduce((sum, event) => sum + event.length, 0),
    clearLines: clear.map((event) => event.line),
    turn: isAnsweredInTls(attempt) ? turnOf(attempt) : undefined,
    roundTrips: roundTripsUntilUser(attempt, mode),
    retryRequested: messages.some((message) => message.kind === "server-hello" && message.retryRequest),
    clientHello: messages.findLast((message) => message.kind === "client-hello"),
    serverHello,
    group: serverHello?.group ?? groupOf(messages),
    certificateReadable: messages.some((message) => message.kind === "certificate"),
    encryptedRecords: sealed.length,
    encryptedOctets: sealed.reduce((sum, event) => sum + event.length, 0),
    verification: attempt.find((event) => event.kind === "verification"),
    greeting: attempt.flatMap((event) => (event.kind === "reply" ? [event.line] : []))[0],
    retried: own.some((event) => event.kind === "retry"),
    problem: attempt.find((event) => event.kind === "problem")?.problem,
  };
}

/**
 * Counts the round trips from the first SYN until USER can be sent inside TLS: each time that the client must wait for
 * the server. The greeting of explicit mode is one of its own, because the server speaks only when the client's ACK
 * has reached it; in implicit mode USER waits for the greeting, which may ride on the server's last handshake flight.
 */
export function roundTripsUntilUser(events: readonly ExplainEvent[], mode: TlsMode): number | undefined {
  const ready = events.findIndex((event) => (mode === "explicit" ? event.kind === "secured" : isInnerGreeting(event)));
  if (ready === -1) return undefined;
  let count = 0;
  let clientSpoke = false;
  for (const event of events.slice(0, ready)) {
    if (event.kind === "connecting") clientSpoke = true;
    if (event.kind === "connected") {
      count++;
      clientSpoke = true;
    }
    if (!isOnWire(event)) continue;
    if (event.direction === "to-client" && clientSpoke) count++;
    clientSpoke = event.direction === "to-server";
  }
  return count;
}

/** Finds where the events of one connection turn to TLS: at the first handshake record. */
export function turnOf(events: readonly ExplainEvent[]): Turn | undefined {
  const first = events.findIndex((event) => event.kind === "messages");
  const turn = events[first];
  if (!turn) return undefined;
  const before = events.slice(0, first).filter(isClearFtp);
  const octets = (direction: Direction) =>
    before.filter((event) => event.direction === direction).reduce((sum, event) => sum + event.length, 0);
  return { atMs: turn.atMs, clearToServer: octets("to-server"), clearToClient: octets("to-client") };
}

/** What anyone on the wire could read of the connection, in words, most telling first. */
export function readableByAnyone(summary: ModeSummary): readonly string[] {
  const { clearLines, clientHello, serverHello } = summary;
  const readable = clearLines.slice(0, clearLinesShown).map((line) => `"${line}"`);
  if (clearLines.length > clearLinesShown) readable.push(`${clearLines.length - clearLinesShown} more lines`);
  if (clientHello) {
    const name = clientHello.serverName === undefined ? "no server name" : `server name ${clientHello.serverName}`;
    const alpn = clientHello.alpn.length === 0 ? "" : `, ALPN ${clientHello.alpn.join(" ")}`;
    readable.push(`ClientHello (${name}${alpn}, versions, suites, groups)`);
  }
  if (serverHello) readable.push(`ServerHello (${serverHello.version}, ${serverHello.suite})`);
  if (summary.certificateReadable) readable.push("the server's certificate");
  return readable;
}

const clearLinesShown = 8;

/** Octets that crossed the wire, not what an end of the connection told about them. */
function isOnWire(event: ExplainEvent): boolean {
  return event.length > 0 && !(event.layer === "ftp" && !event.clear);
}

function isInnerGreeting(event: ExplainEvent): boolean {
  return event.kind === "reply" && !event.clear && event.last === true && event.code === 220;
}

function reachedBy(attempt: readonly ExplainEvent[]): ModeSummary["reached"] {
  if (attempt.some((event) => event.kind === "secured")) return "tls";
  return attempt.some((event) => event.kind === "connected") ? "tcp" : "nothing";
}

/** A ClientHello alone turns nothing: a server that answers in clear text goes on in clear. */
function isAnsweredInTls(attempt: readonly ExplainEvent[]): boolean {
  return attempt.some((event) => event.kind === "messages" && event.direction === "to-client");
}

function groupOf(messages: readonly HandshakeFacts[]): string | undefined {
  return messages.find((message) => message.kind === "server-key-exchange")?.group;
}
