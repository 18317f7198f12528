import type { LimitName, LimitValues } from "./limits.ts";
import type { Octets } from "./octets.ts";
import {
  defaultTransferParameters,
  type FileStructure,
  type RepresentationType,
  type TransmissionMode,
} from "./transfer-parameters.ts";
import type { DialogueLine, Fault, ReceivedReply, Settlement, UserPiFailure } from "./user-pi-failure.ts";

/** A mechanism for AUTH: three names of TLS, and GSSAPI with its exchange of tokens. */
export type AuthMechanism = "TLS" | "TLS-C" | "SSL" | "GSSAPI";

/** How data connections are protected: not at all, sealed, or encrypted as well (RFC 2228 §3, PROT). */
export type DataProtection = "C" | "S" | "P";

/** What the user demands of a connection. Nothing in it is ever loosened by what a server says (S-03). */
export interface UserPiPolicy {
  /** `plain` alone lets a secret out in the clear. */
  readonly security: "explicit" | "implicit" | "plain";
  /** In the order in which AUTH names them. GSSAPI in a row is tried again with another name of the server. */
  readonly mechanisms: readonly AuthMechanism[];
  /** `S`, sealed and readable, is for mechanisms with messages of their own. */
  readonly dataProtection: DataProtection;
  readonly dataSetup: "passive" | "active";
  /** Whom the octets of data connections go to where 227 names another host: the peer of the control connection (S-10). */
  readonly passiveAddress: "control" | "trust";
  /** Commands that may be outstanding, for verbs that allow it; 1 pipelines nothing. */
  readonly pipelinedMax: number;
  /** Whether what opens a connection and prepares a transfer goes out in one piece; default false, some servers lose it. */
  readonly sendsAhead?: boolean;
  /** Whether names are to be UTF-8, which some servers want to be asked for (OPTS UTF8 ON); default true. */
  readonly asksUtf8?: boolean;
  /** Which host is meant, of several that the server has (RFC 7151). */
  readonly virtualHost?: Octets;
  /** Whether the control connection goes on in clear once all secrets are said (CCC), for boxes that read along. */
  readonly clearsControl?: boolean;
  readonly limits: Pick<
    LimitValues,
    Extract<
      LimitName,
      | "commandLineBytes"
      | "requestQueueCount"
      | "preliminaryRepliesCount"
      | "dialogueTailCount"
      | "featuresCount"
      | "securityTokensCount"
    >
  >;
}

export interface Credentials {
  readonly user: Octets;
  readonly password?: Octets;
  readonly account?: Octets;
  /** A command line that goes to a server which refuses USER. */
  readonly insteadOfUser?: Octets;
}

/** What is remembered of a host from one connection to the next. */
export interface HostMemory {
  /** The first way to set up passive data connections that has not failed. */
  readonly passive: "EPSV" | "PASV";
}

/** The user's wishes. `id` comes back with everything that is said of a request; the caller keeps them apart. */
export type UserRequest =
  | {
      readonly kind: "command";
      readonly id: number;
      readonly verb: string;
      readonly argument?: Octets;
      /** In which the reply counts octets, for SIZE; TYPE goes ahead where it differs (RFC 3659 §4, R-3659-05). */
      readonly type?: RepresentationType;
    }
  | { readonly kind: "rename"; readonly id: number; readonly from: Octets; readonly to: Octets }
  | TransferRequest
  /** STAT without argument, which goes ahead of a transfer that runs (RFC 959 §4.1.3). */
  | { readonly kind: "status"; readonly id: number }
  | { readonly kind: "quit"; readonly id: number };

export interface TransferRequest {
  readonly kind: "transfer";
  readonly id: number;
  readonly verb: "RETR" | "STOR" | "APPE" | "STOU" | "LIST" | "NLST" | "MLSD";
  readonly argument?: Octets;
  readonly direction: "download" | "upload";
  readonly type: RepresentationType;
  readonly structure?: FileStructure;
  readonly mode?: TransmissionMode;
  /** Octets of the file that are skipped (REST). */
  readonly restartOffset?: bigint;
  /** Absent where the octets come to the user or from there. */
  readonly between?: Between;
  /**
   * Whether another transfer will follow whose passive command is to go out right behind this transfer command. The server
   * has to leave it until the transfer is over; where the transfer is aborted, the connection ends with it.
   */
  readonly preparesNext?: boolean;
}

/**
 * The part of this server in a transfer between two, no octet of which comes to the user (RFC 959 §2.3): one of them
 * opens a port, the other connects to it. The shell brings the two user-PIs together.
 */
export interface Between {
  /** How this server opens its port; `active`: it connects to the endpoint that `data-listening` brings. */
  readonly setUp: "PASV" | "CPSV" | "EPSV" | "active";
  /** Hosts besides its own that this server may name as that of its port (S-10). */
  readonly hosts: readonly string[];
  readonly protection: "C" | "P";
  /** Whether SSCN gives this server the client's part in TLS; with CPSV it has it anyway. */
  readonly secureClient: boolean;
}

/**
 * How a data connection ended: `complete`, every octet went and came with the end that the protection demands
 * (close_notify; a FIN in clear); `truncated`, the end was missing; `failed`, refused, reset, stalled.
 */
export type DataOutcome = "complete" | "truncated" | "failed";

export interface DataEndpoint {
  readonly host: string;
  readonly port: number;
}

/** What happens to the user-PI. Data events carry the number of their data connection, so
 * that late ones of another are told apart. */
export type UserPiEvent =
  | { readonly kind: "reply"; readonly code: number; readonly lines: readonly Octets[]; readonly truncated: boolean }
  | {
      readonly kind: "failure";
      readonly failure: "not-a-reply" | "ended-within-reply" | "octets-behind-auth" | "reply-unprotected";
      readonly line: Octets;
    }
  | { readonly kind: "request"; readonly request: UserRequest }
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "tls-established" }
  | { readonly kind: "tls-failed"; readonly cause: unknown }
  /** The control connection is in clear again, as `end-tls` wanted. */
  | { readonly kind: "tls-ended" }
  /** The handshake was done with a peer that is not to be trusted, for example under another name (R-4217-08). */
  | { readonly kind: "tls-untrusted"; readonly cause: unknown }
  /** The mechanism's next token for the server. */
  | { readonly kind: "security-token"; readonly token: Octets }
  /** The mechanism's exchange is complete: commands go into its envelopes from here on, and replies come out of them. */
  | { readonly kind: "security-established" }
  /** The mechanism says no, to the exchange or, later, to a message. */
  | { readonly kind: "security-failed"; readonly cause: unknown }
  | { readonly kind: "data-listening"; readonly connection: number; readonly endpoint: DataEndpoint }
  | { readonly kind: "data-connected"; readonly connection: number }
  | {
      readonly kind: "data-ended";
      readonly connection: number;
      readonly outcome: DataOutcome;
      readonly cause?: unknown;
    }
  | { readonly kind: "timeout"; readonly sequence: number }
  | { readonly kind: "connection-closed"; readonly cause?: unknown };

export type TimerName = "greeting" | "handshake" | "reply" | "data-open" | "preliminary" | "completion" | "abort";

/** What the user-PI wants done, in order. */
export type UserPiEffect =
  /** One command line, without CRLF; 0xFF in it is doubled already. */
  | { readonly kind: "send"; readonly line: Octets }
  | { readonly kind: "start-tls" }
  /** Leave TLS with close_notify both ways and keep TCP; answered by `tls-ended`, or `tls-failed`. */
  | { readonly kind: "end-tls" }
  /**
   * Ask the mechanism for its next token; `token` is the base64 that the server sent. `first` begins an exchange; with
   * `last` the server is done (235), and the mechanism has to be, too. Answered by `security-token`,
   * `security-established` or `security-failed`.
   */
  | {
      readonly kind: "next-security-token";
      readonly step: "first" | "next" | "last";
      readonly token: Octets | undefined;
    }
  /**
   * TCP alone; TLS starts with `move-data`. Answered by `data-connected` or `data-ended`. Between two servers: the other
   * one is to connect there, and `data-connected` says that it was told.
   */
  | {
      readonly kind: "connect-data";
      readonly connection: number;
      readonly endpoint: DataEndpoint;
      /** The request that it is for. */
      readonly id: number;
    }
  /** Answered by `data-listening` or `data-ended`; between two servers with the endpoint of the other. */
  | { readonly kind: "listen-data"; readonly connection: number; readonly id: number }
  /**
   * Protect the data connection and move the octets; ends with `data-ended`. Between two servers: the command is on its
   * way, and its reply is the end.
   */
  | {
      readonly kind: "move-data";
      readonly connection: number;
      readonly direction: TransferRequest["direction"];
      readonly protection: DataProtection;
      /** The longest token of a mechanism's message on it. */
      readonly tokenBytesMax: number;
    }
  /** Break the data connection off with a reset, never with an end that a server could take for the file's. */
  | { readonly kind: "break-data"; readonly connection: number }
  /** A passive reply named another host than the control connection's; it was not followed. */
  | { readonly kind: "foreign-address"; readonly named: DataEndpoint }
  | { readonly kind: "preliminary"; readonly id: number; readonly reply: ReceivedReply }
  | { readonly kind: "settled"; readonly id: number; readonly settlement: Settlement }
  /** Logged in, protected, features read. */
  | { readonly kind: "opened"; readonly features: Features }
  | { readonly kind: "remember"; readonly memory: HostMemory }
  /** Arms the one timer, in place of any before; its `timeout` carries the sequence. */
  | { readonly kind: "arm"; readonly timer: TimerName; readonly sequence: number }
  | { readonly kind: "disarm" }
  /**
   * Close the control connection; it is of no more use. `reconnect`: whether a new one is worth trying, `later` after a
   * pause. `failure` is absent after QUIT.
   */
  | {
      readonly kind: "close";
      readonly reconnect: "now" | "later" | "never";
      readonly failure: UserPiFailure | undefined;
    };

/** FEAT lines by their verb in upper case, with what stands behind it (RFC 2389 §3.2). */
export type Features = ReadonlyMap<string, Octets>;

/** What a command that was sent is for; replies are taken by the row of that name. */
export type Purpose =
  | "auth"
  | "adat"
  | "host"
  | "user"
  | "pass"
  | "acct"
  | "pbsz"
  | "prot"
  | "feat"
  | "utf8"
  | "ccc"
  | "type"
  | "structure"
  | "mode"
  | "data-protection"
  | "secure-client"
  | "announce"
  | "passive"
  /** The passive command of the transfer that follows. */
  | "reserve"
  | "active"
  | "restart"
  | "transfer"
  | "status"
  | "command"
  | "rename-from"
  | "rename-to"
  | "abort"
  | "fence"
  | "quit";

/** A command that was sent and has no final reply yet. */
export interface Exchange {
  readonly purpose: Purpose;
  readonly verb: string;
  /** Masked. */
  readonly line: Octets;
  /** The request that it serves; undefined while the connection is opened. */
  readonly id: number | undefined;
  readonly preliminariesCount: number;
}

/** How far the data connection of the running transfer is. */
export type DataState =
  | { readonly kind: "none" }
  /** Waiting for `data-listening`, or for `data-connected`. */
  | { readonly kind: "listening" }
  | { readonly kind: "connecting" }
  | { readonly kind: "offered"; readonly endpoint: DataEndpoint }
  | { readonly kind: "ready" }
  | { readonly kind: "moving" }
  | { readonly kind: "ended"; readonly outcome: DataOutcome; readonly cause: unknown };

/** The request that has the control connection. */
export type Job =
  | { readonly kind: "rename"; readonly request: Extract<UserRequest, { kind: "rename" }>; readonly fromGiven: boolean }
  | {
      readonly kind: "transfer";
      readonly request: TransferRequest;
      readonly data: DataState;
      /** The number of the data connection that was asked for last. */
      readonly connection: number;
      /** PRET was sent, or no such server is spoken to. */
      readonly announced: boolean;
      /** Which passive command is used; PASV once EPSV was refused or led nowhere. */
      readonly passive: HostMemory["passive"] | "CPSV";
      /** The data connection goes to an endpoint that was asked for behind the transfer before. */
      readonly reserved: boolean;
      /** The transfer command was sent, and what finally came of it. */
      readonly sent: boolean;
      readonly final: ReceivedReply | undefined;
      /** `asked`: the user wants it over; `sent`: ABOR is on its way; `fenced`: NOOP behind it, too. */
      readonly aborting: "no" | "asked" | "sent" | "fenced";
    };

/** How far the opening of the connection is; all of it starts anew after TLS was established (S-02). */
export interface Opening {
  /** Index of the mechanism that is tried, or next. */
  readonly mechanism: number;
  /** Tokens that were sent under this mechanism. */
  readonly tokensCount: number;
  /** Why GSSAPI did not come about. */
  readonly refusal: Fault | undefined;
  readonly hostGiven: boolean;
  readonly login: "user" | "instead-of-user" | "password" | "account" | "done";
  readonly bufferSizeGiven: boolean;
  /** The longest token that the server takes and sends on data connections. */
  readonly tokenBytesMax: number;
  readonly protection: DataProtection | "unasked";
  readonly features: Features | undefined;
  readonly utf8Asked: boolean;
  /** `done`: CCC was taken, and the control connection is or will be in clear. */
  readonly clearing: "unasked" | "done" | "refused";
}

/** Everything that the user-PI remembers of one control connection. */
export interface UserPi {
  readonly policy: UserPiPolicy;
  readonly credentials: Credentials;
  /** The host of the control connection's other end, as an address. */
  readonly peerAddress: string;
  readonly memory: HostMemory;
  readonly phase: "greeting" | "opening" | "handshaking" | "tokens" | "clearing" | "open" | "leaving" | "closed";
  readonly control: "clear" | "tls" | "wrapped";
  readonly opening: Opening;
  readonly parameters: {
    readonly type: RepresentationType;
    readonly structure: FileStructure;
    readonly mode: TransmissionMode;
  };
  /** Whether SSCN gave the server the client's part in TLS on data connections. */
  readonly secureClient: boolean;
  /** What REST said last and no transfer has used up; `unknown` after a transfer with REST that was refused. */
  readonly restart: bigint | "unknown";
  /** Data connections are numbered, over all transfers of this control connection. */
  readonly dataConnectionsCount: number;
  readonly reserve: Reserve;
  readonly outstanding: readonly Exchange[];
  readonly job: Job | undefined;
  readonly queue: readonly UserRequest[];
  readonly timerSequence: number;
  readonly timer: TimerName | undefined;
  readonly dialogue: readonly DialogueLine[];
}

/** Where the next transfer may connect without a passive command of its own. */
export type Reserve =
  | { readonly kind: "none" }
  | { readonly kind: "offered"; readonly endpoint: DataEndpoint }
  /** The server does not take the command behind a transfer. */
  | { readonly kind: "refused" };

export const noReserve: Reserve = { kind: "none" };

export interface UserPiStart {
  readonly policy: UserPiPolicy;
  readonly credentials: Credentials;
  readonly peerAddress: string;
  readonly memory?: HostMemory;
}

const freshOpening: Opening = {
  mechanism: 0,
  tokensCount: 0,
  refusal: undefined,
  hostGiven: false,
  login: "user",
  bufferSizeGiven: false,
  tokenBytesMax: 0,
  protection: "unasked",
  features: undefined,
  utf8Asked: false,
  clearing: "unasked",
};

/** A user-PI before the first octet: implicit mode has its handshake to do, the others wait for the greeting. */
export function initialUserPi({ policy, credentials, peerAddress, memory }: UserPiStart): UserPi {
  return {
    policy,
    credentials,
    peerAddress,
    memory: memory ?? { passive: "EPSV" },
    phase: policy.security === "implicit" ? "handshaking" : "greeting",
    control: "clear",
    opening: freshOpening,
    parameters: defaultTransferParameters,
    secureClient: false,
    restart: 0n,
    dataConnectionsCount: 0,
    reserve: noReserve,
    outstanding: [],
    job: undefined,
    queue: [],
    timerSequence: 0,
    timer: undefined,
    dialogue: [],
  };
}

/** What holds under new protection: nothing that the clear connection may have planted (S-02, R-2228-03). */
export function underNewProtection(pi: UserPi, control: "tls" | "wrapped"): UserPi {
  return {
    ...pi,
    control,
    phase: pi.policy.security === "implicit" ? "greeting" : "opening",
    opening: { ...freshOpening, mechanism: pi.opening.mechanism },
    parameters: defaultTransferParameters,
    secureClient: false,
    restart: 0n,
    dialogue: [],
  };
}
