import { contentTypes, recordStream, splitRecords, type RecordStream } from "@sallyport/protocol";
import type { WireObserver } from "@sallyport/transport";
import { HandshakeWatch } from "./handshake-watch.ts";

/** An encrypted alert of TLS 1.3: two octets, the content type and a tag of 16. */
const tls13AlertBytes = 19;

/** Octets on the wire. */
export interface HandshakeSize {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/**
 * Watches how the peer ends TLS, which Node does not tell: whether its last record may be a close_notify. In TLS 1.2 the
 * content type tells; in TLS 1.3 an alert has the length of a record of two octets.
 */
export class WireEnd implements WireObserver {
  #records: RecordStream | undefined;
  #lastIsAlert = false;
  #finished = false;
  #handshake = { bytesRead: 0, bytesWritten: 0 };
  #watch = new HandshakeWatch();

  /** TLS begins with the next octet that comes. */
  tlsBegins(): void {
    this.#records = recordStream();
    this.#handshake = { bytesRead: 0, bytesWritten: 0 };
    this.#watch = new HandshakeWatch();
  }

  /** What the server's messages say, from the last beginning of TLS. */
  get watch(): HandshakeWatch {
    return this.#watch;
  }

  /** Octets in both directions since TLS began. */
  get sinceTlsBegan(): HandshakeSize {
    return { ...this.#handshake };
  }

  /** True where the last record is an alert, false where the connection ended without; undefined before its end. */
  get closeNotify(): boolean | undefined {
    if (this.#lastIsAlert) return true;
    return this.#finished ? false : undefined;
  }

  received(octets: Uint8Array): void {
    this.#handshake.bytesRead += octets.length;
    if (this.#records === undefined) return;
    this.#watch.received(octets);
    const { stream, records } = splitRecords(this.#records, octets);
    this.#records = stream;
    const last = records.at(-1);
    if (last === undefined) return;
    const isHidden = last.type === contentTypes.applicationData && last.fragment.length === tls13AlertBytes;
    this.#lastIsAlert = last.type === contentTypes.alert || isHidden;
  }

  sent(octets: Uint8Array): void {
    this.#handshake.bytesWritten += octets.length;
  }

  peerFinished(): void {
    this.#finished = true;
  }

  finished(): void {}

  failed(): void {
    this.#finished = true;
  }
}
