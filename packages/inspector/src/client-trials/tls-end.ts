import type * as net from "node:net";
import { createSecureContext, TLSSocket, type SecureContext } from "node:tls";
import {
  alertName,
  contentTypes,
  parseAlert,
  parseClientHello,
  recordStream,
  splitRecords,
  type RecordStream,
} from "@sallyport/protocol";
import { WireTap, type WireObserver } from "@sallyport/transport";
import { clientHelloFacts } from "../model/record-events.ts";
import type { ClientHelloFacts } from "../model/index.ts";
import type { TrialIdentity } from "./identities.ts";
import type { Ending } from "./trial.ts";

/** The server's end of a connection: reads the ClientHello and how the client leaves off the octets themselves. */
export class TlsEnd implements WireObserver {
  readonly tap: WireTap;
  hello: ClientHelloFacts | undefined;
  alert: string | undefined;
  ending: Ending = "open";
  #records: RecordStream | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #endsWithNotify = false;

  constructor(tcp: net.Socket) {
    this.tap = new WireTap(tcp, this);
    this.tap.on("error", () => {});
  }

  /** From here on the client's octets are TLS; {@link secure} says so as well. */
  expectTls(): void {
    this.#records ??= recordStream();
  }

  /** Starts TLS; what the client sent ahead of it is given back to be read as TLS. */
  async secure(context: SecureContext, ahead: Buffer = Buffer.alloc(0)): Promise<TLSSocket | undefined> {
    this.expectTls();
    if (ahead.length > 0) {
      this.tap.unshift(ahead);
      this.received(ahead);
    }
    const socket = new TLSSocket(this.tap, { isServer: true, secureContext: context });
    return new Promise((resolve) => {
      socket.on("error", () => {
        resolve(undefined);
        this.tap.destroy();
      });
      socket.once("secure", () => resolve(socket)).once("close", () => resolve(undefined));
    });
  }

  received(octets: Uint8Array): void {
    if (this.#records === undefined) return;
    if (this.hello === undefined && this.#head.length < helloBytesMax) {
      this.#head = Buffer.concat([this.#head, octets]);
      const hello = parseClientHello(this.#head);
      if (typeof hello !== "string") this.hello = clientHelloFacts(hello);
    }
    const { stream, records } = splitRecords(this.#records, octets);
    this.#records = stream;
    for (const { type, fragment } of records) {
      const alert = type === contentTypes.alert ? parseAlert(fragment) : undefined;
      if (alert !== undefined && fragment.length === 2) this.alert ??= alertName(alert.description);
      // A close_notify of TLS 1.3 is sealed: two octets, the type and a tag of 16.
      this.#endsWithNotify =
        type === contentTypes.alert || (type === contentTypes.applicationData && fragment.length === 19);
    }
  }

  sent(): void {}

  peerFinished(): void {
    this.#end(this.#endsWithNotify ? "close-notify" : "bare");
  }

  finished(): void {}

  failed(): void {
    // Clients that close while octets are still under way to them reset; what they said before counts.
    this.#end(this.#endsWithNotify ? "close-notify" : "reset");
  }

  #end(ending: Ending): void {
    if (this.ending === "open") this.ending = ending;
  }
}

/** The context of one control connection, whose tickets open nothing else. */
export function trialContext({ certificate: cert, key }: TrialIdentity, isOldTls: boolean): SecureContext {
  return createSecureContext({
    cert,
    key,
    ...(isOldTls && { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" }),
  });
}

const helloBytesMax = 65_536;
