import type { ClientHello } from "@sallyport/protocol";
import type { SecureContext } from "node:tls";

/**
 * Who is known to send first on a data connection: `sends`, a RETR or a listing arrived before the ClientHello, so that
 * the peer reads; `may-receive`, it may become an upload, whose client may never read.
 */
export type DataUsage = "sends" | "may-receive";

/** Binds data connections to one control connection by tickets that only this control connection can mint. */
export interface ControlTlsBinding {
  /** The context for a data connection, chosen after its ClientHello was read. */
  dataContext(hello: ClientHello, usage: DataUsage): SecureContext;
  /** Notes that a data connection of this control connection resumed. */
  noteResumed(): void;
  /** Whether a data connection of this control connection ever resumed. */
  readonly clientHasResumed: boolean;
  /** Whether the hello brings tickets and none of them was minted by this control connection. */
  offersForeignTicket(hello: ClientHello): boolean;
}
