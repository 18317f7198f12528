import { type AuthMechanism, type LimitValues, limitValues, type TranscriptLine } from "@sallyport/protocol";
import type { ClientTlsOptions, ClientTrust, Dialer, SecurityMechanism } from "@sallyport/transport";
import type { CompressionWish } from "./compression/compression.ts";
import type { PortRange } from "./connection/data-task.ts";
import type { ConnectDecision } from "./connection/security-choice.ts";
import type { ProfileStore } from "./profile/profile-file.ts";
import type { HostMemoryStore } from "./trust/host-memory-file.ts";

/** What a program wants of a server. Everything has a safe default. */
export interface ClientOptions {
  /** Default: the URL's, then `anonymous`; with `gssapi` who runs the program. */
  readonly user?: string;
  readonly password?: string;
  /** For servers that ask for ACCT. */
  readonly account?: string;
  /**
   * A command line that goes to a server which refuses USER and lets in by another command. Transcripts show it: what is
   * secret belongs into the password, which follows where the server asks for it.
   */
  readonly insteadOfUser?: string;
  /**
   * Names the host that is meant to servers with several (HOST, RFC 7151), inside TLS and ahead of USER: `true`, the
   * URL's, or another. A server that does not know the command serves one host and is taken as it is; one that does not
   * know the host refuses the login. Its name is then the one that TLS names and that the certificate has to be for, unless
   * `tls.servername` says otherwise.
   */
  readonly virtualHost?: string | true;
  /**
   * Command lines that each control connection begins with once it is logged in, as in `SITE GROUP staff`. One that is
   * refused fails the connection.
   */
  readonly afterLogin?: readonly string[];
  /**
   * Default: what the URL says. `auto`, also of `ftp://`: what worked last; on port 990 implicit; on another explicit,
   * or implicit where no greeting comes; without a port explicit on 21 and implicit on 990, whichever protects first.
   * `plain` alone lets names, passwords and files out in clear.
   */
  readonly security?: "auto" | "explicit" | "implicit" | "plain";
  readonly tls?: TlsWishes;
  /**
   * What AUTH names, in order: the next one where one leads nowhere, and never none. Default: with `gssapi` that alone,
   * otherwise TLS, then SSL, the name before it.
   */
  readonly authOrder?: readonly AuthMechanism[];
  /** Logs in by a Kerberos ticket, which protects the connection in the place of TLS (RFC 2228). */
  readonly gssapi?: GssapiWishes;
  /** Default `P`; `S`, with GSSAPI alone, seals files that everybody can read; `C` leaves them in clear. */
  readonly dataProtection?: "P" | "S" | "C";
  /**
   * Ends TLS on the control connection after the login (CCC, RFC 4217 §6), for firewalls that have to read which ports are
   * used. Everybody on the way reads commands and names from then on and can change them; passwords and files stay
   * protected. A server that refuses is spoken to under TLS on; `onDecision` tells. Default false.
   */
  readonly clearControl?: boolean;
  readonly data?: DataWishes;
  /** A proxy, `socks5://…`, `socks5h://…`, `socks4a://…` or `http://…`, or a way of one's own to make connections. */
  readonly proxy?: string | URL | Dialer;
  /** Control connections to the server at most; default 4. Sequential use opens one. */
  readonly pool?: { readonly max?: number; readonly idleMs?: number };
  /**
   * Signs of life while idle, `noopMs` between two; 0 for none. During transfers TCP keep-alive does it; `duringTransfer`
   * asks by STAT as well, which not every server takes in its stride.
   */
  readonly keepAlive?: { readonly noopMs?: number; readonly duringTransfer?: boolean };
  /** Further attempts at what failed and may be asked again. */
  readonly retry?: { readonly attempts?: number; readonly firstDelayMs?: number };
  /**
   * Compresses what moves on data connections (MODE Z), where the server offers it. `off` (default); `on`: listings and
   * all files but those whose name says that they are compressed already; `auto`: files that are known to shrink, where
   * less than 8 MB a second have come through without.
   */
  readonly compression?: CompressionWish;
  /** Octets in a second that all transfers together move at most. */
  readonly limitRate?: number;
  readonly timeouts?: Timeouts;
  /**
   * Of names. `auto` (default): UTF-8 where FEAT has UTF8, otherwise what the first name outside ASCII is, and octets that
   * are not UTF-8 come back as they are; `auto,LABEL` reads such names in a legacy encoding, as in `auto,windows-1252`.
   * `utf-8`, or the label of a legacy encoding, is used whatever the server says.
   */
  readonly encoding?: string;
  /**
   * Of the server's clock, for times of LIST, which names none: a name of the IANA database, whose summer time is kept,
   * `UTC`, or an offset as in `+02:00`. `auto` (default): found out, by comparing a few of those times with MDTM's the
   * first time that a server lists some; where that tells nothing, such times have no instant.
   */
  readonly timeZone?: string;
  readonly limits?: Partial<LimitValues>;
  /** Remembers which servers offered TLS: what worked is tried first, and what vanishes is an alarm. */
  readonly hosts?: HostMemoryStore;
  /**
   * Remembers what was found out about servers, so that it need not be found out again: whether EPSV works, which command
   * lists, in which encoding, zone and way. What is remembered of a server counts as long as its greeting and FEAT stay
   * the same, for a month at most; with `plain` or `clearControl` nothing is, since anybody may have said it. Default: the client's own time.
   */
  readonly profiles?: ProfileStore;
  /** Told of what was decided without being asked. */
  readonly onDecision?: (decision: ConnectDecision) => void;
  /** Told of each line of each dialogue, secrets masked. */
  readonly onTranscript?: (line: TranscriptLine) => void;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

/** Whom to trust, what to offer, and whether data connections must resume the TLS of the control connection. */
export type TlsWishes = Omit<ClientTlsOptions, "host" | "port" | "trust"> & ClientTrust;

/** AUTH GSSAPI. A password is sent only where one was given and the server asks for it, and encrypted. */
export interface GssapiWishes {
  /** Of `@sallyport/gssapi`, or one of one's own. It stays the caller's, and open. */
  readonly mechanism: SecurityMechanism;
  /** The name that the realm knows the server by; default: the URL's host, in lower case. */
  readonly host?: string;
  /** Services that the realm may know it as, in order; default `ftp`, then `host`. */
  readonly services?: readonly string[];
  /** `private` (default) encrypts commands and replies; `safe` seals them alone, but for those with secrets. */
  readonly commands?: "private" | "safe";
  /** Hands the server a ticket to act in the user's name; default false. */
  readonly delegate?: boolean;
}

export interface DataWishes {
  /** Who opens data connections; default `passive`, the client. */
  readonly mode?: "passive" | "active";
  /** Whom a 227 reply that names another host leads to; default `control`, the server itself. */
  readonly passiveAddress?: "control" | "trust";
  /** Where active data connections are listened for. */
  readonly ports?: PortRange;
}

/** Milliseconds; defaults in the limits table. */
export interface Timeouts {
  readonly connect?: number;
  readonly greeting?: number;
  readonly handshake?: number;
  readonly command?: number;
  readonly dataOpen?: number;
  readonly dataIdle?: number;
  readonly completion?: number;
}

const timeoutLimits = {
  connect: "connectMs",
  greeting: "greetingMs",
  handshake: "handshakeMs",
  command: "replyMs",
  dataOpen: "dataOpenMs",
  dataIdle: "dataStallMs",
  completion: "completionMs",
} as const satisfies Record<keyof Timeouts, keyof LimitValues>;

/** The limits with what the options say about them. */
export function limitsOf({ limits, timeouts = {}, pool, keepAlive, retry }: ClientOptions): LimitValues {
  const overrides: Record<string, number> = { ...limits };
  const override = (name: keyof LimitValues, value: number | undefined): void => {
    if (value !== undefined) overrides[name] = value;
  };
  for (const [name, limit] of Object.entries(timeoutLimits)) override(limit, timeouts[name as keyof Timeouts]);
  override("poolConnectionsCount", pool?.max);
  override("poolIdleMs", pool?.idleMs);
  override("keepAliveMs", keepAlive?.noopMs);
  override("retryCount", retry?.attempts);
  override("retryMs", retry?.firstDelayMs);
  return limitValues(overrides);
}
