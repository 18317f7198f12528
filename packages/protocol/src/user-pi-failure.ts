import {
  CommandRefused,
  isSallyportError,
  PeerIncompatible,
  PeerViolation,
  SallyportError,
  TlsError,
  TransportError,
  UsageError,
} from "./errors.ts";
import type { Octets } from "./octets.ts";
import type { TranscriptLine } from "./transcript.ts";

/** A reply as the user-PI keeps it. */
export interface ReceivedReply {
  readonly code: number;
  readonly lines: readonly Octets[];
}

/**
 * Whether what failed may be asked again: `never`, it would fail again or may not be; `again`, on this or another
 * connection; `check`, it may have been carried out, so look first (an upload: by SIZE; R-CLI-05).
 */
export type Retry = "never" | "again" | "check";

/** What came of a request. */
export type Settlement =
  | { readonly ok: true; readonly reply: ReceivedReply }
  | { readonly ok: false; readonly failure: UserPiFailure };

/** Why something failed, with what was said about it. Secrets are masked. */
export interface UserPiFailure {
  readonly code: UserPiFailureCode;
  readonly message: string;
  /** The command line that failed, masked; absent where none was sent. */
  readonly command?: Octets;
  readonly reply?: ReceivedReply;
  readonly retry: Retry;
  /** The last lines of the dialogue, oldest first. */
  readonly transcript: readonly DialogueLine[];
  readonly cause?: unknown;
}

/** What is wrong, without what the state knows about it. */
export interface Fault {
  readonly code: UserPiFailureCode;
  readonly message: string;
  readonly reply?: ReceivedReply | undefined;
  readonly command?: Octets | undefined;
  readonly retry?: Retry;
  readonly cause?: unknown;
}

export type DialogueLine = Omit<TranscriptLine, "atMs">;

/** How a data connection failed that was there. */
export const dataFaults = {
  truncated: { code: "SALLYPORT_DATA_TRUNCATED", message: "The data connection ended without its proper end" },
  failed: { code: "SALLYPORT_DATA_FAILED", message: "The data connection failed" },
} as const;

/** How one failed that never came about. */
export function notOpened(cause: unknown): Fault {
  const message = "The data connection could not be opened";
  return { code: "SALLYPORT_DATA_FAILED", message, retry: "again", cause };
}

/** Every failure of the user-PI by its stable code, with the family that assigns the blame. */
export const userPiFailures = {
  SALLYPORT_COMMAND_REFUSED: CommandRefused,
  SALLYPORT_LOGIN_REFUSED: CommandRefused,
  SALLYPORT_RESTART_REFUSED: CommandRefused,
  SALLYPORT_SERVICE_CLOSING: CommandRefused,
  SALLYPORT_ABORTED: UsageError,
  SALLYPORT_ARGUMENT_FORBIDDEN: UsageError,
  SALLYPORT_CREDENTIAL_MISSING: UsageError,
  SALLYPORT_QUEUE_FULL: UsageError,
  SALLYPORT_VERB_RESERVED: UsageError,
  SALLYPORT_SECRET_IN_CLEAR: UsageError,
  SALLYPORT_CONNECTION_OVER: UsageError,
  SALLYPORT_NOT_A_REPLY: PeerViolation,
  SALLYPORT_REPLY_UNEXPECTED: PeerViolation,
  SALLYPORT_REPLY_UNSOLICITED: PeerViolation,
  SALLYPORT_PASSIVE_REPLY_UNREADABLE: PeerViolation,
  SALLYPORT_FOREIGN_ADDRESS: PeerViolation,
  SALLYPORT_TLS_INJECTION: PeerViolation,
  SALLYPORT_REPLY_UNPROTECTED: PeerViolation,
  SALLYPORT_TLS_UNAVAILABLE: PeerIncompatible,
  SALLYPORT_GSSAPI_NOT_OFFERED: PeerIncompatible,
  SALLYPORT_GSSAPI_REFUSED: CommandRefused,
  SALLYPORT_GSSAPI_FAILED: SallyportError,
  SALLYPORT_PROTECTION_REFUSED: PeerIncompatible,
  SALLYPORT_NO_DATA_SETUP: PeerIncompatible,
  SALLYPORT_PARAMETER_REFUSED: PeerIncompatible,
  SALLYPORT_HANDSHAKE_FAILED: TlsError,
  SALLYPORT_DATA_TRUNCATED: TlsError,
  SALLYPORT_DATA_FAILED: TransportError,
  SALLYPORT_REPLY_TIMEOUT: TransportError,
  SALLYPORT_CONNECTION_LOST: TransportError,
} as const;

export type UserPiFailureCode = keyof typeof userPiFailures;

/** An error of a dialogue with a server: what was asked and answered, what was said before it, and what to do now. */
export type DialogueError = SallyportError & Pick<UserPiFailure, "command" | "reply" | "retry" | "transcript">;

/** Whether a value is an error that carries its dialogue. */
export function isDialogueError(value: unknown): value is DialogueError {
  return isSallyportError(value) && "retry" in value && "transcript" in value;
}

/** Makes the error that a caller sees; it carries the failure's reply, command, transcript and retry advice. */
export function errorOfFailure(failure: UserPiFailure): DialogueError {
  const { code, message, cause, ...facts } = failure;
  const Family = userPiFailures[code];
  return Object.assign(new Family(code, message, cause === undefined ? undefined : { cause }), facts);
}
