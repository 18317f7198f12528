import { isIP } from "node:net";
import * as tls from "node:tls";
import { escapeControls, limits } from "@sallyport/protocol";
import type { WireTap } from "@sallyport/transport";
import type { ExplainEvent, Problem } from "../model/index.ts";
import type { Lane } from "./lane.ts";
import { Patience } from "./patience.ts";

/** How the server's certificate is checked. */
export interface TrustOptions {
  /** Authorities in PEM form, instead of those of the runtime. */
  readonly ca?: string;
  /** Authorities in PEM form, beside those of the runtime or of `ca`. */
  readonly extraCa?: string;
  /** Leaves the check out. */
  readonly insecure?: boolean;
}

/**
 * Which ClientHello is sent: `full` offers the runtime's groups, X25519MLKEM768 first, in about 1600 octets; `small`
 * stays below 400 octets, for servers that stall on one that needs two segments.
 */
export type HelloSize = "full" | "small";

/** Makes the secure context for a size of hello; the full one is made at once, so that its cost is over with. */
export function clientContexts(trust: TrustOptions): (hello: HelloSize) => tls.SecureContext {
  const own = trust.ca === undefined ? undefined : [trust.ca];
  const ca = trust.extraCa === undefined ? own : [...(own ?? tls.getCACertificates("default")), trust.extraCa];
  const full = tls.createSecureContext({ ...(ca && { ca }) });
  return (hello) =>
    hello === "full" ? full : tls.createSecureContext({ ...(ca && { ca }), ecdhCurve: "X25519:prime256v1" });
}

export interface HandshakeOptions {
  readonly host: string;
  readonly context: tls.SecureContext;
  /** Whether the outcome of the check counts. */
  readonly insecure: boolean;
  /** ALPN protocols to offer (RFC 7301); none for a server that must not see the extension. */
  readonly alpn: readonly string[];
  /** What the connection is to continue; only for data connections. */
  readonly session?: Buffer;
  /** Gets the socket before anything comes over it. */
  readonly onSocket?: (socket: tls.TLSSocket) => void;
}

/**
 * Starts TLS on a tapped connection and notes in the lane when it stands and what the check of the certificate said.
 * A failed check does not end it: no secret is sent, and what follows is worth seeing.
 */
export async function startTls(lane: Lane, tap: WireTap, options: HandshakeOptions): Promise<tls.TLSSocket | Problem> {
  const from = lane.events.length;
  const socket = tls.connect({
    socket: tap,
    host: options.host,
    ...(isIP(options.host) === 0 && { servername: options.host }),
    secureContext: options.context,
    ...(options.alpn.length > 0 && { ALPNProtocols: [...options.alpn] }),
    rejectUnauthorized: false,
    ...(options.session && { session: options.session }),
  });
  options.onSocket?.(socket);
  socket.on("keylog", (line: Buffer) => lane.learnKey(line.toString("latin1")));
  socket.on("data", (octets: Buffer) => lane.inside("to-client", octets));
  // At once, not behind an await: in TLS 1.2 the greeting is delivered in the same turn.
  socket.once("secureConnect", () => noteSecured(lane, socket, options));
  const outcome = await handshakeOutcome(socket, lane);
  lane.signal.throwIfAborted();
  if (outcome !== "secured") {
    socket.destroy();
    return handshakeProblem(lane, from, outcome);
  }
  return socket;
}

/** Whether a failed handshake looks like that of a server that cannot take a ClientHello of two segments. */
export function chokedOnHello(events: readonly ExplainEvent[], problem: Problem): boolean {
  const answered = events.some(({ direction, length }) => direction === "to-client" && length > 0);
  if (problem.id === "handshake-alert") return chokingAlerts.has(problem.alert);
  return !answered && (problem.id === "closed" || problem.id === "silent");
}

/** Ends a connection in order: close_notify, then FIN, and after limits.closeNotifyMs without an answer by force. */
export async function endConnection(stream: tls.TLSSocket | WireTap, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  using _patience = new Patience(limits.closeNotifyMs.value, over.resolve);
  const giveUp = () => over.resolve();
  signal.addEventListener("abort", giveUp, { once: true });
  if (stream.destroyed || signal.aborted) giveUp();
  else
    stream
      .once("close", giveUp)
      .on("error", () => {})
      .end();
  await over.promise;
  signal.removeEventListener("abort", giveUp);
  stream.destroy();
}

const protocolNames: Readonly<Record<string, string>> = {
  "TLSv1.3": "TLS 1.3",
  "TLSv1.2": "TLS 1.2",
  "TLSv1.1": "TLS 1.1",
  TLSv1: "TLS 1.0",
};

/** Alerts of parsers that lost their way in the hello, as against those that judge what it offers. */
const chokingAlerts: ReadonlySet<string> = new Set([
  "decode_error",
  "illegal_parameter",
  "internal_error",
  "record_overflow",
  "unexpected_message",
]);

type Outcome = "secured" | "closed" | "timeout" | Error;

async function handshakeOutcome(socket: tls.TLSSocket, lane: Lane): Promise<Outcome> {
  const outcome = Promise.withResolvers<Outcome>();
  const giveUp = () => outcome.resolve("timeout");
  using _patience = new Patience(lane.timeoutMs, giveUp);
  lane.signal.addEventListener("abort", giveUp, { once: true });
  if (lane.signal.aborted) giveUp();
  socket.once("secureConnect", () => outcome.resolve("secured"));
  socket.once("close", () => outcome.resolve("closed"));
  socket.on("error", outcome.resolve);
  try {
    return await outcome.promise;
  } finally {
    lane.signal.removeEventListener("abort", giveUp);
  }
}

/** Reads the cause off what crossed the wire; our own error is only asked where our end gave up. */
function handshakeProblem(lane: Lane, from: number, outcome: Exclude<Outcome, "secured">): Problem {
  const seen = lane.events.slice(from).filter(({ direction }) => direction === "to-client");
  const line = seen.flatMap((event) => ("line" in event && event.clear ? [event.line] : []))[0];
  if (line !== undefined) return { id: lane.mode === "implicit" ? "clear-on-implicit" : "handshake-refused", line };
  const alert = seen.flatMap((event) => (event.kind === "alert" ? [event.description] : []))[0];
  if (alert !== undefined) return { id: "handshake-alert", alert };
  if (outcome === "timeout") return { id: "silent", awaited: "handshake", timeoutMs: lane.timeoutMs };
  const ours = outcome instanceof Error && "reason" in outcome && !seen.some(({ layer }) => layer === "tcp");
  return ours
    ? { id: "handshake-failed", reason: escapeControls(String(outcome.reason)) }
    : { id: "closed", awaited: "handshake" };
}

function noteSecured(lane: Lane, socket: tls.TLSSocket, { insecure, session }: HandshakeOptions): void {
  lane.note("to-client", {
    layer: "handshake",
    kind: "secured",
    protocol: protocolNames[socket.getProtocol() ?? ""] ?? "unknown",
    suite: socket.getCipher().standardName,
    alpn: typeof socket.alpnProtocol === "string" ? escapeControls(socket.alpnProtocol) : undefined,
    resumed: socket.isSessionReused(),
  });
  // Nothing is shown to be checked where the check of the control connection is continued.
  if (session !== undefined && socket.isSessionReused()) return;
  const certificate = socket.getPeerX509Certificate();
  lane.note("to-client", {
    layer: "handshake",
    kind: "verification",
    verdict: insecure ? "not-asked" : socket.authorized ? "verified" : "failed",
    reason: socket.authorized ? undefined : verificationReason(socket.authorizationError),
    subject: oneLine(certificate?.subject),
    issuer: oneLine(certificate?.issuer),
    validTo: certificate?.validToDate.toISOString() ?? "",
  });
}

/** Node gives the code, against its type, as a text. */
function verificationReason(error: unknown): string {
  return error instanceof Error ? systemOrMessage(error) : escapeControls(String(error));
}

function systemOrMessage(error: Error): string {
  return escapeControls("code" in error ? String(error.code) : error.message);
}

/** Makes one line of a name, of which Node prints one attribute a line. */
export function oneLine(name: string | undefined): string {
  return escapeControls((name ?? "").split("\n").join(", "));
}
