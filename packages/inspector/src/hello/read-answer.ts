import {
  alertName,
  contentTypes,
  displayOctets,
  handshakeStream,
  handshakeTypes,
  isTls13,
  joinHandshake,
  octetsFromBytes,
  parseAlert,
  parseCertificates,
  parseServerHello,
  parseServerKeyExchange,
  recordStream,
  splitRecords,
  tlsVersions,
  type ByteRange,
  type HandshakeMessage,
  type HandshakeStream,
  type RecordStream,
  type ServerHello,
  type ServerKeyExchange,
} from "@sallyport/protocol";

/** What a server answers a hand-made ClientHello with, as far as anyone on the wire could read it. */
export type HelloAnswer =
  | ServerFlight
  | { readonly kind: "alert"; readonly alert: string }
  /** Clear text where TLS belongs; control characters escaped. */
  | { readonly kind: "clear"; readonly line: string }
  /** A SERVER-HELLO of SSL 2.0. */
  | { readonly kind: "ssl2" }
  | { readonly kind: "malformed" }
  | { readonly kind: "closed" }
  | { readonly kind: "silent" };

/** A ServerHello, with what follows it in clear before TLS 1.3. */
export interface ServerFlight {
  readonly kind: "hello";
  readonly hello: ServerHello;
  /** DER, leaf first; empty in TLS 1.3, where they are encrypted. */
  readonly certificates: readonly Uint8Array[];
  readonly keyExchange: SharedKey | undefined;
  readonly asksForCertificate: boolean;
}

/** A ServerKeyExchange with the values that are compared. */
export interface SharedKey extends ServerKeyExchange {
  /** Of the prime of DHE and of the server's share, in hex. */
  readonly primeHex: string | undefined;
  readonly publicKeyHex: string;
}

/** Reads the answer to a ClientHello from octets in whatever pieces they arrive; never throws. */
export class AnswerReader {
  #records: RecordStream = recordStream();
  #handshake: HandshakeStream = handshakeStream();
  #flight: ServerFlight | undefined;
  #first = new Uint8Array(0);

  /** Takes the next octets; the answer where they complete it. */
  push(octets: Uint8Array): HelloAnswer | undefined {
    if (this.#first.length < clearLineBytes) {
      this.#first = Uint8Array.from([...this.#first, ...octets.subarray(0, clearLineBytes)]);
    }
    const { stream, records } = splitRecords(this.#records, octets);
    this.#records = stream;
    for (const record of records) {
      if (record.type === contentTypes.alert) {
        const alert = parseAlert(record.fragment);
        // A warning, as that of an unknown name (RFC 6066 §3), lets the handshake go on.
        if (alert?.level === 1 && alert.description === unrecognisedName) continue;
        return alert ? { kind: "alert", alert: alertName(alert.description) } : { kind: "malformed" };
      }
      if (record.type !== contentTypes.handshake) continue;
      const joined = joinHandshake(this.#handshake, record);
      this.#handshake = joined.stream;
      for (const message of joined.messages) {
        const answer = this.#take(message);
        if (answer) return answer;
      }
      if (joined.stream.failure !== undefined) return { kind: "malformed" };
    }
    if (this.#records.failure === undefined) return undefined;
    return this.#firstIsSsl2() ? { kind: "ssl2" } : this.#clearLine();
  }

  /** The connection was closed. */
  end(): HelloAnswer {
    return this.#flight ?? { kind: "closed" };
  }

  #take(message: HandshakeMessage): HelloAnswer | undefined {
    if (message.type === handshakeTypes.serverHello) {
      const hello = parseServerHello(message.octets);
      if (typeof hello === "string") return { kind: "malformed" };
      this.#flight = { kind: "hello", hello, certificates: [], keyExchange: undefined, asksForCertificate: false };
      return isTls13(hello) || hello.helloRetryRequest ? this.#flight : undefined;
    }
    if (this.#flight === undefined) return { kind: "malformed" };
    if (message.type === handshakeTypes.serverHelloDone) return this.#flight;
    const read = flightReaders.get(message.type)?.(message.octets, this.#flight.hello);
    if (read === "malformed") return { kind: "malformed" };
    this.#flight = { ...this.#flight, ...read };
    return undefined;
  }

  /** A two-octet record header with the high bit set, then message 4 (draft-hickman-netscape-ssl-00 §2.6). */
  #firstIsSsl2(): boolean {
    const [length = 0, , type] = this.#first;
    return (length & 0x80) !== 0 && type === 4;
  }

  #clearLine(): HelloAnswer {
    const lineEnd = this.#first.findIndex((octet) => octet === 0x0a || octet === 0x0d);
    const end = lineEnd < 0 ? this.#first.length : lineEnd;
    return { kind: "clear", line: displayOctets(octetsFromBytes(this.#first, 0, end)) };
  }
}

const clearLineBytes = 200;
const unrecognisedName = 112;

type FlightReader = (message: Uint8Array, hello: ServerHello) => Partial<ServerFlight> | "malformed";

const flightReaders = new Map<number, FlightReader>([
  [
    handshakeTypes.certificate,
    (message) => {
      const ranges = parseCertificates(message);
      if (ranges === "malformed") return ranges;
      return { certificates: ranges.map(({ start, end }) => message.slice(start, end)) };
    },
  ],
  [
    handshakeTypes.serverKeyExchange,
    (message, { cipherSuite, version }) => {
      const keyExchange = parseServerKeyExchange(message, cipherSuite);
      // Before TLS 1.2 no algorithm stands in front of the signature.
      if (keyExchange === "malformed") return version < tlsVersions.tls12 ? {} : keyExchange;
      const { prime, publicKey } = keyExchange;
      const hex = ({ start, end }: ByteRange) => Buffer.from(message.subarray(start, end)).toString("hex");
      return { keyExchange: { ...keyExchange, primeHex: prime && hex(prime), publicKeyHex: hex(publicKey) } };
    },
  ],
  [handshakeTypes.certificateRequest, () => ({ asksForCertificate: true })],
]);
