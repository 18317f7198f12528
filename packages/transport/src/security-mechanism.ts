import { isSallyportError, SallyportError } from "@sallyport/protocol";

/**
 * A mechanism of RFC 2228 with messages of its own, such as Kerberos behind AUTH GSSAPI: makes the contexts that protect
 * one connection each. It may live in another process, so every question is answered later, and answers to the
 * questions of one context come in the order of the questions.
 */
export interface SecurityMechanism extends AsyncDisposable {
  /** The word behind AUTH, in upper case. */
  readonly name: string;
  /**
   * Begins a context as the server.
   *
   * @throws {SecurityMechanismError} `unavailable` where the library, the keytab or the process is missing.
   */
  accept(): Promise<SecurityContext>;
  /**
   * Begins a context as the client of `target`, a host-based service name such as `ftp@host.example`.
   *
   * @throws {SecurityMechanismError} `unavailable` or `no-credentials`.
   */
  initiate(target: string, options?: InitiateOptions): Promise<SecurityContext>;
}

export interface InitiateOptions {
  /** Hands the server a ticket to act in the user's name; default false. */
  readonly delegate?: boolean;
}

/** What both ends know once the exchange of tokens is complete. */
export interface SecurityContextFacts {
  /** The other end's name as the mechanism writes it, such as `alice@EXAMPLE.ORG`. */
  readonly peerName: string;
  /** The account of this machine that the mechanism maps the peer to, if it maps it to one; only for the acceptor. */
  readonly localName: string | undefined;
  readonly integrity: boolean;
  readonly confidentiality: boolean;
  /** Whether a message that is opened twice shows as a duplicate; some clients can be told not to ask for it. */
  readonly detectsReplays: boolean;
  /** When the context expires, in milliseconds since 1970; undefined where it does not. */
  readonly expiresAtMs: number | undefined;
}

/** The answer to a token: another one for the peer, if any, and the facts as soon as this end is complete. */
export interface SecurityContextStep {
  readonly token: Uint8Array | undefined;
  readonly facts: SecurityContextFacts | undefined;
}

/**
 * Where a message stands in the order of those that the peer wrapped: `gap`, later ones came first or one is missing;
 * `duplicate`, it was opened before; `old`, too far behind to tell.
 */
export type MessageOrder = "in-order" | "gap" | "duplicate" | "old";

export interface OpenedMessage {
  readonly octets: Uint8Array;
  /** Whether it was encrypted, not only sealed. */
  readonly confidential: boolean;
  readonly order: MessageOrder;
  /**
   * The peer's number of the message, where the token shows one that is sealed with it (RFC 4121 §4.2.6.2). Control and
   * data connections share the numbers, so that `order` alone cannot tell a message that overtook another from one that
   * was taken out of a transfer.
   */
  readonly sequence?: bigint;
}

/**
 * One security context (RFC 2743 §1.1.3): tokens until it is complete, then messages. Control and data connections
 * share it, and with it one counter of messages in each direction. What is handed over stays as it is until the answer.
 */
export interface SecurityContext extends AsyncDisposable {
  /** Takes the peer's token; the initiator begins with undefined. @throws {SecurityMechanismError} */
  step(token: Uint8Array | undefined): Promise<SecurityContextStep>;
  /**
   * Seals octets, and encrypts them where `confidential`.
   *
   * @param into memory for the token, which the mechanism may use if there is enough: that of the octets themselves, too.
   *   It spares the collector of garbage the quarter of a megabyte that each block of a transfer would leave.
   * @throws {SecurityMechanismError}
   */
  wrap(octets: Uint8Array, confidential: boolean, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /**
   * Opens a token of the peer.
   *
   * @param into as for {@link wrap}.
   * @throws {SecurityMechanismError} `message-rejected` or `context-expired`.
   */
  unwrap(token: Uint8Array, into?: Uint8Array<ArrayBuffer>): Promise<OpenedMessage>;
  /** How many octets fit into a token of at most `tokenBytesMax`; 0 where none do. @throws {SecurityMechanismError} */
  wrapSizeLimit(tokenBytesMax: number, confidential: boolean): Promise<number>;
}

/**
 * Why a mechanism says no. `unavailable`: no library, no keytab, or its process died; `no-credentials`: no ticket;
 * `credentials-expired`: the ticket is over; `unknown-principal`: the service or user is unknown to the KDC;
 * `clock-skew`; `wrong-key`: the keytab does not open the ticket; `token-rejected`, `message-rejected`: forged, damaged
 * or replayed; `context-expired`; `failed`: anything else.
 */
export type SecurityMechanismFault =
  | "unavailable"
  | "no-credentials"
  | "credentials-expired"
  | "unknown-principal"
  | "clock-skew"
  | "wrong-key"
  | "token-rejected"
  | "message-rejected"
  | "context-expired"
  | "failed";

/** Whether a value is such an error, also when two copies of this package are loaded. */
export function isSecurityMechanismError(value: unknown): value is SecurityMechanismError {
  return isSallyportError(value) && "fault" in value && value.code.startsWith("SALLYPORT_GSSAPI_");
}

/** A security mechanism said no; the code is `SALLYPORT_GSSAPI_` and the fault in capitals. */
export class SecurityMechanismError extends SallyportError {
  readonly fault: SecurityMechanismFault;

  /** @param message what the mechanism's library says, for our own log; never for the peer. */
  constructor(fault: SecurityMechanismFault, message: string, options?: ErrorOptions) {
    super(`SALLYPORT_GSSAPI_${fault.toUpperCase().replaceAll("-", "_")}`, message, options);
    this.fault = fault;
  }
}
