import {
  dissect,
  handshakeTypes,
  isTls13,
  parseCertificateRequest,
  parseCertificates,
  parseCertificateVerify,
  parseNewSessionTicket,
  parseSealedCertificates,
  parseServerKeyExchange,
  tlsDissection,
  tlsVersions,
  type ByteRange,
  type DissectedMessage,
  type NewSessionTicket,
  type ServerHello,
} from "@sallyport/protocol";
import { nameText } from "../certificates/distinguished-name.ts";
import { KeyedOpener } from "../decryption/record-opener.ts";

/** What a server's messages said in one handshake and behind it; in TLS 1.3 opened with the keys of our own end. */
export interface HandshakeSeen {
  readonly hello: ServerHello | undefined;
  /** DER of the certificates as they were sent, leaf first; empty on resumption. */
  readonly sent: readonly Buffer[];
  /** Names of the authorities whose certificates the server takes; undefined where it asks for none. */
  readonly clientAuthorities: readonly string[] | undefined;
  /** How the server proved that it has the key; undefined on resumption and for RSA key transport. */
  readonly signatureAlgorithm: number | undefined;
  /** Tickets of TLS 1.3 that came so far. */
  readonly tickets: readonly NewSessionTicket[];
}

/** More than any handshake takes; what comes behind that is not looked at. */
const keptBytesMax = 65_536;

/** Keeps what the server sends from the moment when TLS begins, to be read once the keys are known. */
export class HandshakeWatch {
  readonly #keyLog: string[] = [];
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;

  received(octets: Uint8Array): void {
    if (this.#keptBytes >= keptBytesMax) return;
    this.#kept.push(octets.slice(0, keptBytesMax - this.#keptBytes));
    this.#keptBytes += octets.length;
  }

  /** Takes a line of the key log (RFC 9850). */
  learn(line: string): void {
    this.#keyLog.push(line);
  }

  /** Reads what has come so far. */
  seen(): HandshakeSeen {
    const opener = new KeyedOpener();
    for (const line of this.#keyLog) opener.learn(line);
    const { dissection, records } = dissect(tlsDissection(), "server", Buffer.concat(this.#kept), opener.open);
    const messages = records.flatMap(({ content }): readonly DissectedMessage[] => {
      if (content.kind === "handshake") return content.messages;
      return content.kind === "encrypted" && content.opened?.kind === "handshake" ? content.opened.messages : [];
    });
    const { serverHello } = dissection;
    const seen = nothing(serverHello);
    if (serverHello === undefined) return seen;
    for (const { message } of messages) {
      Object.assign(seen, readers.get(message.type)?.(message.octets, serverHello, seen));
    }
    return seen;
  }
}

function nothing(hello: ServerHello | undefined): HandshakeSeen {
  return { hello, sent: [], clientAuthorities: undefined, signatureAlgorithm: undefined, tickets: [] };
}

type Reader = (message: Uint8Array, hello: ServerHello, seen: HandshakeSeen) => Partial<HandshakeSeen>;

const readers = new Map<number, Reader>([
  [
    handshakeTypes.certificate,
    (message, hello) => {
      const ranges = isTls13(hello) ? parseSealedCertificates(message) : parseCertificates(message);
      return ranges === "malformed" ? {} : { sent: ranges.map((range) => within(message, range)) };
    },
  ],
  [
    handshakeTypes.certificateRequest,
    (message, { version }) => {
      const request = parseCertificateRequest(message, version);
      const authorities = request === "malformed" ? [] : request.authorities;
      return { clientAuthorities: authorities.map((range) => nameText(within(message, range))) };
    },
  ],
  [
    handshakeTypes.certificateVerify,
    (message) => {
      const proof = parseCertificateVerify(message);
      return proof === "malformed" ? {} : { signatureAlgorithm: proof.signatureAlgorithm };
    },
  ],
  [
    handshakeTypes.serverKeyExchange,
    (message, { cipherSuite, version }) => {
      const key = version < tlsVersions.tls12 ? "malformed" : parseServerKeyExchange(message, cipherSuite);
      return key === "malformed" ? {} : { signatureAlgorithm: key.signatureAlgorithm };
    },
  ],
  [
    handshakeTypes.newSessionTicket,
    (message, hello, { tickets }) => {
      const ticket = isTls13(hello) ? parseNewSessionTicket(message) : "malformed";
      return ticket === "malformed" ? {} : { tickets: [...tickets, ticket] };
    },
  ],
]);

function within(message: Uint8Array, { start, end }: ByteRange): Buffer {
  return Buffer.from(message.subarray(start, end));
}
