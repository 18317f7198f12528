import type { Duplex } from "node:stream";
import { TLSSocket, type TLSSocketOptions } from "node:tls";

/**
 * A TLSSocket for the server side of one accepted connection, without a tls.Server around it.
 *
 * Node hands the errors of such a socket to its tls.Server alone: after the handshake a record that does not
 * authenticate, or a fatal alert, would leave it silently stuck. Here it is destroyed with the error, as in any stream.
 */
export class ServerTlsSocket extends TLSSocket {
  /** Whether the peer's close_notify was read; over a {@link TlsDuplex} nothing else ends the incoming half. */
  closeNotifyReceived = false;

  constructor(under: Duplex, options: TLSSocketOptions) {
    super(under, options);
    // The event is not in Node's types, only in its sources, since 0.11.
    this.on("_tlsError" as "error", (error: Error) => {
      if (!this.destroyed) this.destroy(error);
    });
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null && !this.destroyed) this.closeNotifyReceived = true;
    return super.push(chunk, encoding);
  }
}
