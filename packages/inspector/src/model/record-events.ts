import {
  alertLevelName,
  alertName,
  contentTypeName,
  groupName,
  handshakeTypeName,
  recordHeaderBytes,
  signatureAlgorithmName,
  streamOffset,
  suiteName,
  versionName,
  type ClientHello,
  type DissectedMessage,
  type DissectedRecord,
  type OpenedContent,
  type ServerHello,
  type TlsRecord,
} from "@sallyport/protocol";
import type {
  ClientHelloFacts,
  ExplainEvent,
  FieldNode,
  HandshakeFacts,
  OpenedFacts,
  ServerHelloFacts,
} from "./events.ts";
import { octetCount, shownText } from "./field-values.ts";
import { clientHelloTree, serverHelloTree } from "./hello-trees.ts";

/** What an event needs besides its record: when, where, in which mode. */
export type EventPlace = Pick<ExplainEvent, "atMs" | "connection" | "mode" | "direction">;

/** Makes the event of one dissected record. */
export function recordEvent(place: EventPlace, { record, content }: DissectedRecord): ExplainEvent {
  const base = { ...place, offset: record.from, length: record.to - record.from };
  const header = headerNode(record);
  const contentFrom = record.from + recordHeaderBytes;
  switch (content.kind) {
    case "handshake":
      return {
        ...base,
        layer: "handshake",
        kind: "messages",
        clear: true,
        messages: content.messages.map(factsOf),
        unfinished: content.unfinished,
        tree: [header, ...content.messages.map(messageNode)],
      };
    case "alert": {
      const level = alertLevelName(content.alert.level);
      const description = alertName(content.alert.description);
      const fields = [
        { name: "level", value: level, from: contentFrom, to: contentFrom + 1, rfc: "RFC 8446 §6" },
        { name: "description", value: description, from: contentFrom + 1, to: contentFrom + 2, rfc: "RFC 8446 §6" },
      ];
      return { ...base, layer: "alert", kind: "alert", clear: true, level, description, tree: [header, ...fields] };
    }
    case "change-cipher-spec":
      return { ...base, layer: "record", kind: "change-cipher-spec", clear: true, tree: [header] };
    case "encrypted": {
      const { opened } = content;
      return {
        ...base,
        layer: "application",
        kind: "encrypted",
        clear: false,
        recordType: contentTypeName(record.type),
        contentLength: record.fragment.length,
        ...(opened && { opened: openedFacts(opened) }),
        tree: [header, sealedNode(record, opened)],
      };
    }
    case "unreadable":
      return { ...base, layer: "record", kind: "unreadable", clear: true, tree: [header] };
  }
}

function headerNode(record: TlsRecord): FieldNode {
  const { type, version, from, fragment } = record;
  return {
    name: "record",
    value: `${contentTypeName(type)}, ${octetCount(fragment.length)}`,
    from,
    to: from + recordHeaderBytes,
    rfc: "RFC 8446 §5.1",
    children: [
      { name: "type", value: contentTypeName(type), from, to: from + 1 },
      { name: "legacy_record_version", value: versionName(version), from: from + 1, to: from + 3 },
      { name: "length", value: String(fragment.length), from: from + 3, to: from + 5 },
    ],
  };
}

function sealedNode(record: TlsRecord, opened: OpenedContent | undefined): FieldNode {
  const children = opened?.kind === "handshake" ? opened.messages.map(messageNode) : [];
  return {
    name: "encrypted",
    value: octetCount(record.fragment.length),
    from: record.from + recordHeaderBytes,
    to: record.to,
    note: "without the keys only the length can be read",
    rfc: "RFC 8446 §5.2",
    ...(children.length > 0 && { children }),
  };
}

function openedFacts(opened: OpenedContent): OpenedFacts {
  switch (opened.kind) {
    case "handshake":
      return { kind: "handshake", messages: opened.messages.map(factsOf), unfinished: opened.unfinished };
    case "alert": {
      const { level, description } = opened.alert;
      return { kind: "alert", level: alertLevelName(level), description: alertName(description) };
    }
    case "application":
      return { kind: "application", contentLength: opened.octets.length };
    case "unreadable":
      return { kind: "unreadable" };
  }
}

function messageNode(dissected: DissectedMessage): FieldNode {
  const { message } = dissected;
  const children = messageTree(dissected);
  return {
    name: handshakeTypeName(message.type),
    value: octetCount(message.octets.length),
    from: streamOffset(message, 0),
    to: streamOffset(message, message.octets.length - 1) + 1,
    ...(children.length > 0 && { children }),
  };
}

function messageTree(dissected: DissectedMessage): readonly FieldNode[] {
  const { message } = dissected;
  switch (dissected.kind) {
    case "client-hello":
      return clientHelloTree(message, dissected.hello);
    case "server-hello":
      return serverHelloTree(message, dissected.hello);
    case "certificate":
      return dissected.certificates.map(({ start, end }, depth) => ({
        name: `certificate ${depth}`,
        value: octetCount(end - start),
        from: streamOffset(message, start),
        to: streamOffset(message, end - 1) + 1,
        note: "in TLS 1.2 anyone can read who the server is, in TLS 1.3 the two ends alone",
        rfc: "RFC 8446 §4.4.2",
      }));
    case "server-key-exchange":
    case "encrypted-extensions":
    case "certificate-verify":
    case "new-session-ticket":
    case "other":
      return [];
  }
}

function factsOf(dissected: DissectedMessage): HandshakeFacts {
  const { message } = dissected;
  const head = { name: handshakeTypeName(message.type), messageLength: message.octets.length };
  switch (dissected.kind) {
    case "client-hello":
      return { kind: "client-hello", ...head, ...clientHelloFacts(dissected.hello) };
    case "server-hello": {
      const name = dissected.hello.helloRetryRequest ? "HelloRetryRequest" : head.name;
      return { kind: "server-hello", ...head, name, ...serverHelloFacts(dissected.hello) };
    }
    case "certificate": {
      const certificateLengths = dissected.certificates.map(({ start, end }) => end - start);
      return { kind: "certificate", ...head, certificateLengths };
    }
    case "server-key-exchange": {
      const { group, primeBits, signatureAlgorithm } = dissected.key;
      return {
        kind: "server-key-exchange",
        ...head,
        group: group === undefined ? `DH, ${primeBits} bits` : groupName(group),
        signatureAlgorithm: signatureAlgorithm === undefined ? undefined : signatureAlgorithmName(signatureAlgorithm),
      };
    }
    case "encrypted-extensions": {
      const { alpn } = dissected.extensions;
      return { kind: "encrypted-extensions", ...head, alpn: alpn === undefined ? undefined : shownText(alpn) };
    }
    case "certificate-verify": {
      const signatureAlgorithm = signatureAlgorithmName(dissected.proof.signatureAlgorithm);
      return { kind: "certificate-verify", ...head, signatureAlgorithm };
    }
    case "new-session-ticket":
      return { kind: "new-session-ticket", ...head, lifetimeSeconds: dissected.ticket.lifetimeSeconds };
    case "other":
      return { kind: "other", ...head };
  }
}

/** What a ClientHello offers, in names. */
export function clientHelloFacts(hello: ClientHello): ClientHelloFacts {
  const versions = hello.supportedVersions.length > 0 ? hello.supportedVersions : [hello.legacyVersion];
  return {
    serverName: hello.serverName,
    alpn: hello.alpn.map(shownText),
    versions: versions.map(versionName),
    suites: hello.cipherSuites.map(suiteName),
    groups: hello.supportedGroups.map(groupName),
    keyShares: hello.keyShareGroups.map(groupName),
    signatureAlgorithms: hello.signatureAlgorithms.map(signatureAlgorithmName),
    ticketsCount: hello.preSharedKeyIdentities.length + (hello.sessionTicketLength ? 1 : 0),
    earlyData: hello.earlyData,
  };
}

function serverHelloFacts(hello: ServerHello): ServerHelloFacts {
  return {
    version: versionName(hello.version),
    suite: suiteName(hello.cipherSuite),
    group: hello.group === undefined ? undefined : groupName(hello.group),
    retryRequest: hello.helloRetryRequest,
    alpn: hello.alpn === undefined ? undefined : shownText(hello.alpn),
    resumed: hello.preSharedKeyIndex !== undefined,
  };
}
