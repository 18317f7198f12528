import type { Problem } from "./problems.ts";

/** Where TLS starts: `explicit`, after AUTH TLS on a connection that begins in clear; `implicit`, at the first octet. */
export type TlsMode = "explicit" | "implicit";

export type Direction = "to-server" | "to-client";

export type Layer = "tcp" | "ftp" | "record" | "handshake" | "alert" | "application";

/**
 * A named value with the octets that it stands on, so that a view can light the octets of a field and the reverse.
 * `from` and `to` (exclusive) count in the same stream as the event's `offset`. Values are fit to be shown.
 */
export interface FieldNode {
  readonly name: string;
  readonly value: string;
  readonly from: number;
  readonly to: number;
  readonly note?: string;
  readonly rfc?: string;
  readonly children?: readonly FieldNode[];
}

interface EventBase {
  /** Milliseconds since both modes were started: the one time axis of both columns. */
  readonly atMs: number;
  readonly connection: "control" | "data";
  readonly mode: TlsMode;
  readonly direction: Direction;
  /** Where the octets stand in their direction of the TCP stream; for FTP inside TLS in the decrypted stream. */
  readonly offset: number;
  /** How many octets; 0 for what is no octets, such as the end of a connection. */
  readonly length: number;
  readonly layer: Layer;
  /**
   * The octets themselves as hexadecimal digits, where they were asked for: of a record or a clear line as it stands on
   * the wire, of a line inside TLS in clear. Absent for lines of which something is masked.
   */
  readonly octets?: string;
  /** Whether anyone on the wire can read what the event tells. */
  readonly clear: boolean;
  readonly tree: readonly FieldNode[];
}

/** The connection itself. `finished`: that direction said its last octet; `retry`: a new connection follows. */
export interface TcpEvent extends EventBase {
  readonly layer: "tcp";
  readonly kind: "connecting" | "connected" | "finished" | "reset" | "retry";
  /** Address and port as in `[::1]:990`; for a retry the reason. */
  readonly text: string;
}

/** A line on the control connection, in clear or, where an end of the connection tells it, inside TLS. */
export interface FtpEvent extends EventBase {
  readonly layer: "ftp";
  readonly kind: "command" | "reply" | "text";
  /** Without its line end, masked and escaped. */
  readonly line: string;
  /** Of a reply. */
  readonly code?: number;
  /** Whether the reply ends with this line. */
  readonly last?: boolean;
}

export interface RecordEvent extends EventBase {
  readonly layer: "record";
  readonly kind: "change-cipher-spec" | "unreadable";
}

export interface HandshakeEvent extends EventBase {
  readonly layer: "handshake";
  readonly kind: "messages";
  /** The messages that this record completes, in their order. */
  readonly messages: readonly HandshakeFacts[];
  /** Whether the record ends within a message. */
  readonly unfinished: boolean;
}

export interface AlertEvent extends EventBase {
  readonly layer: "alert";
  readonly kind: "alert";
  readonly level: string;
  readonly description: string;
}

/** An encrypted record: without its keys, type and length are all that can be read. */
export interface ApplicationEvent extends EventBase {
  readonly layer: "application";
  readonly kind: "encrypted";
  /** The type in the header; in TLS 1.3 always application_data. */
  readonly recordType: string;
  /** Octets of the content as it stands on the wire, without the header. */
  readonly contentLength: number;
  /** What is inside, where an end of the connection told the keys. */
  readonly opened?: OpenedFacts;
}

/** What an encrypted record holds; lines of FTP inside are events of their own. */
export type OpenedFacts =
  | { readonly kind: "handshake"; readonly messages: readonly HandshakeFacts[]; readonly unfinished: boolean }
  | { readonly kind: "alert"; readonly level: string; readonly description: string }
  | { readonly kind: "application"; readonly contentLength: number }
  | { readonly kind: "unreadable" };

/** The handshake is finished at our end. */
export interface SecuredEvent extends EventBase {
  readonly layer: "handshake";
  readonly kind: "secured";
  readonly protocol: string;
  readonly suite: string;
  /** The application protocol that the server chose, as far as it did (RFC 7301). */
  readonly alpn: string | undefined;
  /** Of a data connection: whether it continues the TLS of the control connection. */
  readonly resumed?: boolean;
}

/** What the check of the server's certificate said; none of it can be seen on the wire in TLS 1.3. */
export interface VerificationEvent extends EventBase {
  readonly layer: "handshake";
  readonly kind: "verification";
  readonly verdict: "verified" | "failed" | "not-asked";
  /** Reason of a failure as OpenSSL or Node names it, for example SELF_SIGNED_CERT_IN_CHAIN. */
  readonly reason: string | undefined;
  readonly subject: string;
  readonly issuer: string;
  readonly validTo: string;
}

/** Why one mode could not be shown to its end. */
export interface ProblemEvent extends EventBase {
  readonly kind: "problem";
  readonly problem: Problem;
}

/** One thing that happened, in the order in which it was seen. */
export type ExplainEvent =
  | TcpEvent
  | FtpEvent
  | RecordEvent
  | HandshakeEvent
  | AlertEvent
  | ApplicationEvent
  | SecuredEvent
  | VerificationEvent
  | ProblemEvent;

/** What a handshake message says, in names. */
export type HandshakeFacts =
  | ({ readonly kind: "client-hello" } & MessageHead & ClientHelloFacts)
  | ({ readonly kind: "server-hello" } & MessageHead & ServerHelloFacts)
  | ({ readonly kind: "certificate"; readonly certificateLengths: readonly number[] } & MessageHead)
  | ({ readonly kind: "server-key-exchange" } & MessageHead & KeyExchangeFacts)
  | ({ readonly kind: "encrypted-extensions"; readonly alpn: string | undefined } & MessageHead)
  | ({ readonly kind: "certificate-verify"; readonly signatureAlgorithm: string } & MessageHead)
  | ({ readonly kind: "new-session-ticket"; readonly lifetimeSeconds: number } & MessageHead)
  | ({ readonly kind: "other" } & MessageHead);

interface MessageHead {
  readonly name: string;
  /** Octets of the message with its header. */
  readonly messageLength: number;
}

export interface ClientHelloFacts {
  readonly serverName: string | undefined;
  readonly alpn: readonly string[];
  readonly versions: readonly string[];
  readonly suites: readonly string[];
  readonly groups: readonly string[];
  readonly keyShares: readonly string[];
  readonly signatureAlgorithms: readonly string[];
  readonly ticketsCount: number;
  readonly earlyData: boolean;
}

export interface ServerHelloFacts {
  readonly version: string;
  readonly suite: string;
  readonly group: string | undefined;
  readonly retryRequest: boolean;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
}

export interface KeyExchangeFacts {
  readonly group: string | undefined;
  readonly signatureAlgorithm: string | undefined;
}

/** The lines that FTP exchanged in clear. */
export function isClearFtp(event: ExplainEvent): event is FtpEvent {
  return event.layer === "ftp" && event.kind !== "problem" && event.clear;
}
