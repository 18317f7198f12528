/**
 * Error families assign blame. `code` is stable and is what callers match on; texts are for people and may change.
 */
export class SallyportError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The peer broke the protocol. */
export class PeerViolation extends SallyportError {}

/** The peer follows the protocol but cannot meet our policy, for example has no TLS. */
export class PeerIncompatible extends SallyportError {}

/** The peer follows the protocol and says no: a reply 4yz or 5yz to a command of ours. */
export class CommandRefused extends SallyportError {}

/** The network failed: refused, reset, timed out. */
export class TransportError extends SallyportError {}

/** TLS failed: handshake, verification, truncation. */
export class TlsError extends SallyportError {}

/** What arrived is not what was sent: another size, or other octets. */
export class IntegrityError extends SallyportError {}

/** A configuration or command-line value is wrong; the message says which and what to do. */
export class ConfigError extends SallyportError {}

/** The caller of this library made a mistake. */
export class UsageError extends SallyportError {}

/** Whether a value is an error of ours, also when two copies of this package are loaded. */
export function isSallyportError(value: unknown): value is SallyportError {
  return value instanceof Error && "code" in value && String(value.code).startsWith("SALLYPORT_");
}
