import { contentTypes, extensionTypes, handshakeTypes } from "@sallyport/protocol";
import { OctetWriter } from "./octet-writer.ts";

/** What a hand-made ClientHello offers, in the order in which it is sent. */
export interface HelloOffer {
  /** The highest version in TLS 1.2 and before; a hello for TLS 1.3 says 0x0303 and lists `supportedVersions`. */
  readonly version: number;
  /** Version in the record header; default TLS 1.0, as clients have it for the sake of old servers. */
  readonly recordVersion?: number;
  readonly suites: readonly number[];
  readonly supportedVersions?: readonly number[];
  readonly groups?: readonly number[];
  readonly signatureAlgorithms?: readonly number[];
  readonly compressionMethods?: readonly number[];
  /** Server name to ask for; absent for an address (RFC 6066 §3). */
  readonly serverName?: string;
  readonly alpn?: readonly string[];
  /** Octets of padding (RFC 7685), to make a hello that needs two segments. */
  readonly paddingBytes?: number;
  /** Cuts the message into records of so many octets. */
  readonly fragmentBytes?: number;
  /** Adds a suite, a group and an extension that are reserved to keep servers tolerant (RFC 8701). */
  readonly grease?: boolean;
  /** Asks whether CBC suites authenticate what is encrypted (RFC 7366), and not the text. */
  readonly encryptThenMac?: boolean;
  /** Offers the heartbeat, which nobody needs over TCP (RFC 6520). */
  readonly heartbeat?: boolean;
  /** Asks for timestamps of public logs that are not in the certificate (RFC 6962 §3.3.1). */
  readonly timestamps?: boolean;
  /** SSL 3.0 knows no extensions. */
  readonly withoutExtensions?: boolean;
}

/**
 * Writes the records of a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2) that offers exactly what is asked, also what
 * no TLS library would: RC4, EXPORT, SSL 3.0, compression, TLS_FALLBACK_SCSV. For TLS 1.3 no key share is sent, so that a
 * server names the group it wants in a HelloRetryRequest and no key is ever agreed on.
 *
 * @param random 64 octets: the hello's random and the legacy session ID.
 */
export function buildClientHello(offer: HelloOffer, random: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new OctetWriter().number(handshakeTypes.clientHello, 1).vector(3, (body) => {
    body.number(offer.version, 2).octets(random.subarray(0, 32));
    body.vector(1, (id) => id.octets(offer.supportedVersions === undefined ? [] : random.subarray(32, 64)));
    body.vector(2, (suites) => suites.numbers(withGrease(offer.suites, offer), 2));
    body.vector(1, (methods) => methods.numbers(offer.compressionMethods ?? [0], 1));
    if (offer.withoutExtensions !== true) body.vector(2, (extensions) => writeExtensions(extensions, offer));
  });
  return inRecords(message.bytes(), offer);
}

/**
 * Writes a CLIENT-HELLO of SSL 2.0 (draft-hickman-netscape-ssl-00 §2.5): its own record format, all seven of its ciphers.
 */
export function buildSsl2Hello(challenge: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new OctetWriter().number(1, 1).number(0x0002, 2);
  message
    .number(ssl2Ciphers.length * 3, 2)
    .number(0, 2)
    .number(16, 2);
  for (const cipher of ssl2Ciphers) message.number(cipher, 3);
  const body = message.octets(challenge.subarray(0, 16)).bytes();
  return new OctetWriter()
    .number(0x8000 | body.length, 2)
    .octets(body)
    .bytes();
}

const ssl2Ciphers = [0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700c0];

/** Extensions that this builder alone needs (IANA, TLS ExtensionType Values). */
const pointFormats = 11;
const padding = 21;

/** Extensions whose presence in an answer is looked at (IANA, TLS ExtensionType Values). */
export const askedExtensions = { heartbeat: 15, timestamps: 18, encryptThenMac: 22 } as const;

function writeExtensions(list: OctetWriter, offer: HelloOffer): void {
  const add = (type: number, write: (data: OctetWriter) => void) => list.number(type, 2).vector(2, write);
  const { serverName, groups, signatureAlgorithms, alpn, supportedVersions, paddingBytes } = offer;
  if (serverName !== undefined) {
    add(extensionTypes.serverName, (data) =>
      data.vector(2, (names) => names.number(0, 1).vector(2, (name) => name.text(serverName))),
    );
  }
  if (groups !== undefined) {
    add(extensionTypes.supportedGroups, (data) =>
      data.vector(2, (named) => named.numbers(withGrease(groups, offer), 2)),
    );
    add(pointFormats, (data) => data.vector(1, (formats) => formats.number(0, 1)));
  }
  if (signatureAlgorithms !== undefined) {
    add(extensionTypes.signatureAlgorithms, (data) =>
      data.vector(2, (algorithms) => algorithms.numbers(signatureAlgorithms, 2)),
    );
  }
  if (alpn !== undefined) {
    add(extensionTypes.alpn, (data) =>
      data.vector(2, (names) => {
        for (const protocol of alpn) names.vector(1, (name) => name.text(protocol));
      }),
    );
  }
  add(extensionTypes.extendedMasterSecret, () => {});
  add(extensionTypes.sessionTicket, () => {});
  add(extensionTypes.renegotiationInfo, (data) => data.vector(1, () => {}));
  if (supportedVersions !== undefined) {
    add(extensionTypes.supportedVersions, (data) =>
      data.vector(1, (versions) => versions.numbers(supportedVersions, 2)),
    );
    add(extensionTypes.pskModes, (data) => data.vector(1, (modes) => modes.number(1, 1)));
    add(extensionTypes.keyShare, (data) => data.vector(2, () => {}));
  }
  if (offer.encryptThenMac === true) add(askedExtensions.encryptThenMac, () => {});
  if (offer.heartbeat === true) add(askedExtensions.heartbeat, (data) => data.number(1, 1));
  if (offer.timestamps === true) add(askedExtensions.timestamps, () => {});
  if (offer.grease === true) add(greaseExtension, (data) => data.number(0, 1));
  if (paddingBytes !== undefined) add(padding, (data) => data.octets(new Uint8Array(paddingBytes)));
}

const greaseValue = 0x2a2a;
const greaseExtension = 0x5a5a;

function withGrease(list: readonly number[], { grease }: HelloOffer): readonly number[] {
  return grease === true ? [greaseValue, ...list] : list;
}

function inRecords(
  message: Uint8Array,
  { recordVersion = 0x0301, fragmentBytes }: HelloOffer,
): Uint8Array<ArrayBuffer> {
  const records = new OctetWriter();
  const step = fragmentBytes ?? message.length;
  for (let at = 0; at < message.length; at += step) {
    records.number(contentTypes.handshake, 1).number(recordVersion, 2);
    records.vector(2, (fragment) => fragment.octets(message.subarray(at, at + step)));
  }
  return records.bytes();
}
