import {
  extensionName,
  groupName,
  signatureAlgorithmName,
  streamOffset,
  suiteName,
  versionName,
  type ClientHello,
  type HandshakeMessage,
  type HelloExtension,
  type ServerHello,
} from "@sallyport/protocol";
import type { FieldNode } from "./events.ts";
import { list, octetCount, shownText } from "./field-values.ts";

/** The fields of a ClientHello with the octets that they stand on (RFC 8446 §4.1.2). */
export function clientHelloTree(message: HandshakeMessage, hello: ClientHello): readonly FieldNode[] {
  const node = nodeMaker(message);
  const suitesFrom = hello.sessionId.end;
  const compressionFrom = suitesFrom + 2 + 2 * hello.cipherSuites.length;
  const compressionTo = compressionFrom + 1 + hello.compressionMethods.length;
  return [
    node("legacy_version", versionName(hello.legacyVersion), 4, 6, notes.legacyVersion),
    node("random", hexOf(message, hello.random), hello.random.start, hello.random.end),
    node("legacy_session_id", hexOf(message, hello.sessionId), hello.sessionId.start, hello.sessionId.end),
    node("cipher_suites", list(hello.cipherSuites.map(suiteName)), suitesFrom, compressionFrom, notes.suitesOffered),
    node("legacy_compression_methods", list(hello.compressionMethods.map(String)), compressionFrom, compressionTo),
    ...hello.extensions.map((extension) => {
      const value = clientExtensionValues.get(extension.type)?.(hello);
      return extensionNode(node, extension, value);
    }),
  ];
}

/** The fields of a ServerHello with the octets that they stand on (RFC 8446 §4.1.3). */
export function serverHelloTree(message: HandshakeMessage, hello: ServerHello): readonly FieldNode[] {
  const node = nodeMaker(message);
  const suiteFrom = hello.sessionId.end;
  return [
    node("legacy_version", versionName(hello.legacyVersion), 4, 6, notes.legacyVersion),
    node(
      "random",
      hexOf(message, hello.random),
      hello.random.start,
      hello.random.end,
      hello.helloRetryRequest ? notes.retryRequest : hello.downgradeSentinel ? notes.downgrade : undefined,
    ),
    node("legacy_session_id_echo", hexOf(message, hello.sessionId), hello.sessionId.start, hello.sessionId.end),
    node("cipher_suite", suiteName(hello.cipherSuite), suiteFrom, suiteFrom + 2, notes.suiteChosen),
    node("legacy_compression_method", String(hello.compressionMethod), suiteFrom + 2, suiteFrom + 3),
    ...hello.extensions.map((extension) => {
      const value = serverExtensionValues.get(extension.type)?.(hello);
      return extensionNode(node, extension, value);
    }),
  ];
}

const notes = {
  legacyVersion: { note: "TLS 1.3 names its version in supported_versions", rfc: "RFC 8446 §4.1.2" },
  suitesOffered: { note: "in the order that the client prefers", rfc: "RFC 8446 B.4" },
  suiteChosen: { note: "the server's choice", rfc: "RFC 8446 §4.1.3" },
  retryRequest: { note: "this random marks a HelloRetryRequest", rfc: "RFC 8446 §4.1.4" },
  downgrade: { note: "its last octets say that the server could do better", rfc: "RFC 8446 §4.1.3" },
} as const;

interface Note {
  readonly note?: string;
  readonly rfc?: string;
}

type NodeMaker = (name: string, value: string, from: number, to: number, note?: Note) => FieldNode;

/** Places ranges of the message in the stream, also where the message spans records. */
function nodeMaker(message: HandshakeMessage): NodeMaker {
  return (name, value, from, to, note) => ({
    name,
    value,
    from: streamOffset(message, from),
    to: to > from ? streamOffset(message, to - 1) + 1 : streamOffset(message, from),
    ...note,
  });
}

/** An extension stands with its type and length, 4 octets before its data. */
function extensionNode(node: NodeMaker, { type, start, end }: HelloExtension, value: string | undefined): FieldNode {
  return node(extensionName(type), value ?? octetCount(end - start), start - 4, end, extensionNotes.get(type));
}

const groups = (codes: readonly number[]) => list(codes.map(groupName));

const clientExtensionValues = new Map<number, (hello: ClientHello) => string>([
  [0, (hello) => hello.serverName ?? "no host name"],
  [10, (hello) => groups(hello.supportedGroups)],
  [13, (hello) => list(hello.signatureAlgorithms.map(signatureAlgorithmName))],
  [16, (hello) => list(hello.alpn.map(shownText))],
  [
    35,
    (hello) => (hello.sessionTicketLength ? `a ticket of ${octetCount(hello.sessionTicketLength)}` : "asks for one"),
  ],
  [41, (hello) => `${hello.preSharedKeyIdentities.length} offered`],
  [43, (hello) => list(hello.supportedVersions.map(versionName))],
  [51, (hello) => groups(hello.keyShareGroups)],
]);

const serverExtensionValues = new Map<number, (hello: ServerHello) => string>([
  [16, (hello) => shownText(hello.alpn ?? "")],
  [41, (hello) => `number ${hello.preSharedKeyIndex ?? 0} of those offered`],
  [43, (hello) => versionName(hello.version)],
  [51, (hello) => `${groupName(hello.group ?? 0)}, ${octetCount(hello.keyShareLength)}`],
]);

const extensionNotes = new Map<number, Note>([
  [0, { note: "the name that the client asks for, readable by anyone", rfc: "RFC 6066 §3" }],
  [5, { note: "asks for a stapled OCSP response", rfc: "RFC 6066 §8" }],
  [10, { note: "groups for the key exchange, in the order preferred", rfc: "RFC 8446 §4.2.7" }],
  [11, { rfc: "RFC 8422 §5.1.2" }],
  [13, { note: "how the server may sign", rfc: "RFC 8446 §4.2.3" }],
  [16, { note: "application protocols; FTP is registered as ftp", rfc: "RFC 7301" }],
  [22, { rfc: "RFC 7366" }],
  [23, { note: "binds the secret to the whole handshake in TLS 1.2", rfc: "RFC 7627" }],
  [35, { note: "tickets for resumption in TLS 1.2", rfc: "RFC 5077" }],
  [41, { note: "resumption in TLS 1.3", rfc: "RFC 8446 §4.2.11" }],
  [42, { rfc: "RFC 8446 §4.2.10" }],
  [43, { note: "the versions that count", rfc: "RFC 8446 §4.2.1" }],
  [45, { rfc: "RFC 8446 §4.2.9" }],
  [51, { note: "public keys for the key exchange", rfc: "RFC 8446 §4.2.8" }],
  [65_037, { note: "encrypted ClientHello, or filler that looks like one", rfc: "RFC 9849" }],
  [65_281, { note: "secure renegotiation", rfc: "RFC 5746" }],
]);

function hexOf(message: HandshakeMessage, { start, end }: { readonly start: number; readonly end: number }): string {
  const hex = Array.from(message.octets.subarray(start, end), (octet) => octet.toString(16).padStart(2, "0")).join("");
  return hex === "" ? "none" : hex;
}
