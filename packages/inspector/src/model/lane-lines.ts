import type { Direction, ExplainEvent, HandshakeFacts, OpenedFacts, TlsMode } from "./events.ts";
import { summarise, turnOf } from "./summary.ts";
import { problemWords, turnWords, verificationWords } from "./wording.ts";

/** Who can read a line: anyone, as FTP; anyone, as what TLS itself leaves readable; the two ends alone. */
export type Seal = "clear" | "readable" | "encrypted";

/** One line of a column, before it is fitted to a width. */
export interface LaneLine {
  readonly text: string;
  /** Whether the line belongs to the clear part of the connection, to TLS, or to neither. */
  readonly rail: "none" | "clear" | "tls";
  readonly arrow?: Direction;
  readonly seal?: Seal;
  /** `rule`: a mark across the column; `detail`: what the line above is made of. */
  readonly style: "line" | "detail" | "rule" | "problem";
  /** Of what belongs to a data connection. */
  readonly connection?: "data";
}

/** Where both modes were looked for. */
export interface ExplainedHost {
  readonly host: string;
  readonly ports: Readonly<Record<TlsMode, number>>;
}

/**
 * The lines of one column for events of one mode that belong to the same moment; `before` are the earlier events of
 * this mode, from which follows whether TLS has begun.
 */
export function laneLines(
  events: readonly ExplainEvent[],
  before: readonly ExplainEvent[],
  target: ExplainedHost,
): readonly LaneLine[] {
  const lines: LaneLine[] = [];
  const seen = [...before];
  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (!event) break;
    const run = encryptedRun(events, at);
    const isData = event.connection === "data";
    const rail = isData
      ? "tls"
      : railOf(
          event,
          seen.filter(({ connection }) => connection === "control"),
        );
    lines.push(...(isData ? dataMarks(event) : marksBefore(event, seen)));
    const own = run.length > 0 ? encryptedLines(run) : eventLines(event, rail, target);
    lines.push(...own.map((line) => (isData ? { ...line, connection: "data" as const } : line)));
    const taken = run.length > 0 ? run : [event];
    seen.push(...taken);
    lines.push(...marksAfter(event, seen));
    at += taken.length - 1;
  }
  return lines;
}

/** Encrypted records of one direction that follow each other are told in one line. */
function encryptedRun(events: readonly ExplainEvent[], from: number): readonly EncryptedEvent[] {
  const run: EncryptedEvent[] = [];
  for (const event of events.slice(from)) {
    if (event.kind !== "encrypted") break;
    if (run[0] && (event.direction !== run[0].direction || event.connection !== run[0].connection)) break;
    run.push(event);
  }
  return run;
}

type EncryptedEvent = Extract<ExplainEvent, { kind: "encrypted" }>;

function encryptedLines(run: readonly EncryptedEvent[]): LaneLine[] {
  const lengths = run.map((event) => event.contentLength).join(" + ");
  const types = [...new Set(run.map((event) => event.recordType))].join(", ");
  const text = run.length === 1 ? `${types}, ${lengths} octets` : `${run.length} records ${types}, ${lengths} octets`;
  const head = {
    text,
    rail: "tls",
    arrow: run[0]?.direction ?? "to-client",
    seal: "encrypted",
    style: "line",
  } as const;
  const inside = run.flatMap(({ opened }) => (opened ? openedTexts(opened) : []));
  return [
    head,
    ...inside.map((line) => ({ text: `inside: ${line}`, rail: "tls", seal: "encrypted", style: "detail" }) as const),
  ];
}

/** What our keys show; FTP inside is told as it is read. */
function openedTexts(opened: OpenedFacts): string[] {
  switch (opened.kind) {
    case "handshake":
      return opened.messages.map((message) =>
        [`${message.name}, ${message.messageLength} octets`, ...insideDetails(message)].join("; "),
      );
    case "alert":
      return [`Alert ${opened.description} (${opened.level})`];
    case "application":
    case "unreadable":
      return [];
  }
}

function insideDetails(message: HandshakeFacts): string[] {
  switch (message.kind) {
    case "encrypted-extensions":
      return message.alpn === undefined ? [] : [`ALPN: ${message.alpn}`];
    case "certificate":
      return [certificatesText(message.certificateLengths)];
    case "certificate-verify":
      return [message.signatureAlgorithm];
    case "new-session-ticket":
      return [`a ticket for ${message.lifetimeSeconds} s`];
    case "client-hello":
    case "server-hello":
    case "server-key-exchange":
    case "other":
      return [];
  }
}

function certificatesText(lengths: readonly number[]): string {
  return `${lengths.length} in the chain: ${lengths.join(" + ")} octets`;
}

function eventLines(event: ExplainEvent, rail: LaneLine["rail"], target: ExplainedHost): LaneLine[] {
  const line = (text: string, seal?: Seal): LaneLine => ({
    text,
    rail,
    arrow: event.direction,
    ...(seal && { seal }),
    style: "line",
  });
  const detail = (text: string, seal: Seal): LaneLine => ({ text, rail, seal, style: "detail" });
  switch (event.kind) {
    case "connecting":
      return [{ ...line(`TCP connect ${event.text}`), rail: "none" }];
    case "connected":
      return [{ ...line(`TCP connected`), rail: "none" }];
    case "finished":
      return [{ ...line("TCP end (FIN)"), rail: "none" }];
    case "reset":
      return [{ ...line(`TCP reset (${event.text})`), rail: "none" }];
    case "retry":
      return [{ text: event.text, rail: "none", style: "problem" }];
    case "command":
    case "reply":
    case "text":
      return event.clear ? [line(event.line, "clear")] : [detail(`inside: ${event.line}`, "encrypted")];
    case "change-cipher-spec":
      return [line("ChangeCipherSpec, 1 octet", "readable")];
    case "unreadable":
      return [line(`${event.length} octets that are neither FTP nor TLS`)];
    case "messages":
      return event.messages.length === 0
        ? [line(`part of a handshake message, ${event.length} octets`, "readable")]
        : event.messages.flatMap((message) => [
            line(`${message.name}, ${message.messageLength} octets`, "readable"),
            ...messageDetails(message).map((text) => detail(text, "readable")),
          ]);
    case "alert":
      return [line(`Alert ${event.description} (${event.level})`, "readable")];
    case "encrypted":
      return encryptedLines([event]);
    case "secured":
      return [detail(securedText(event), "encrypted")];
    case "verification":
      return verificationLines(event, target.host);
    case "problem": {
      const where = { host: target.host, mode: event.mode, port: target.ports[event.mode] };
      return [{ text: problemWords(event.problem, where).sentence, rail: "none", style: "problem" }];
    }
  }
}

function securedText({ alpn, resumed, connection }: Extract<ExplainEvent, { kind: "secured" }>): string {
  if (connection === "control") return `handshake finished; ALPN: ${alpn ?? "none"}`;
  return resumed === true
    ? "handshake finished: it continues the TLS of the control connection"
    : "handshake finished: a new one, with nothing of the control connection";
}

function verificationLines(event: Extract<ExplainEvent, { kind: "verification" }>, host: string): LaneLine[] {
  const text = `certificate ${verificationWords(event, host).sentence}`;
  return [{ text, rail: "tls", style: event.verdict === "failed" ? "problem" : "detail" }];
}

/** What a message tells without keys, a line for each thing. */
function messageDetails(message: HandshakeFacts): string[] {
  switch (message.kind) {
    case "client-hello":
      return [
        message.serverName === undefined ? "server name: none sent" : `server name: ${message.serverName}`,
        `ALPN: ${message.alpn.join(" ") || "none"}`,
        `versions: ${message.versions.join(", ")}`,
        `groups: ${message.groups.join(" ")}`,
        `key shares: ${message.keyShares.join(" ") || "none"}`,
        `suites: ${countedList(message.suites, 3)}`,
        ...(message.ticketsCount > 0 ? [`resumption: ${message.ticketsCount} offered`] : []),
      ];
    case "server-hello":
      return message.retryRequest
        ? [`asks for a key share of ${message.group ?? "no group"}`]
        : [
            `chosen: ${[message.version, message.suite, message.group].filter(Boolean).join(", ")}`,
            ...(message.alpn === undefined ? [] : [`ALPN: ${message.alpn}`]),
            ...(message.resumed ? ["resumes an earlier handshake"] : []),
          ];
    case "certificate":
      return [certificatesText(message.certificateLengths)];
    case "server-key-exchange":
      return [[`group: ${message.group ?? "none"}`, message.signatureAlgorithm].filter(Boolean).join(", ")];
    case "encrypted-extensions":
    case "certificate-verify":
    case "new-session-ticket":
    case "other":
      return [];
  }
}

function countedList(names: readonly string[], shown: number): string {
  const rest = names.length - shown;
  return rest > 0 ? `${names.slice(0, shown).join(" ")} and ${rest} more` : names.join(" ");
}

function railOf(event: ExplainEvent, seen: readonly ExplainEvent[]): LaneLine["rail"] {
  if (event.layer === "ftp" && event.kind !== "problem" && event.clear) return "clear";
  if (event.kind === "messages" || tlsBegan(seen)) return "tls";
  return event.mode === "explicit" ? "clear" : "none";
}

function tlsBegan(seen: readonly ExplainEvent[]): boolean {
  return attemptOf(seen).some(({ kind }) => kind === "messages");
}

/** The mark where a data connection begins. */
function dataMarks(event: ExplainEvent): LaneLine[] {
  if (event.kind !== "connecting") return [];
  return [{ text: "data connection", rail: "tls", style: "rule", connection: "data" }];
}

/** The mark where a connection turns to TLS. */
function marksBefore(event: ExplainEvent, seen: readonly ExplainEvent[]): LaneLine[] {
  if (event.kind !== "messages" || tlsBegan(seen)) return [];
  return [{ text: `TLS ${turnWords(turnOf([...attemptOf(seen), event]))}`, rail: "tls", style: "rule" }];
}

/** The mark where USER could be sent without being read. */
function marksAfter(event: ExplainEvent, seen: readonly ExplainEvent[]): LaneLine[] {
  if (event.connection === "data") return [];
  const candidate = event.mode === "explicit" ? event.kind === "secured" : event.kind === "reply" && !event.clear;
  if (!candidate) return [];
  const { roundTrips } = summarise(seen, event.mode);
  const already = summarise(seen.slice(0, -1), event.mode).roundTrips;
  if (roundTrips === undefined || already !== undefined) return [];
  return [{ text: `USER can go: ${roundTrips} round trips`, rail: "tls", style: "rule" }];
}

function attemptOf(events: readonly ExplainEvent[]): readonly ExplainEvent[] {
  return events.slice(
    Math.max(
      0,
      events.findLastIndex((event) => event.kind === "connecting"),
    ),
  );
}
