import type { X509Certificate } from "node:crypto";
import type * as tls from "node:tls";
import { escapeControls } from "@sallyport/protocol";
import { summarise, type Direction, type ExplainEvent } from "../model/index.ts";
import { oneLine } from "./handshake.ts";

/**
 * Tells of a finished handshake what `openssl s_client` tells: chain, verification, octets, signature, group, protocol,
 * suite, ALPN, early data. The chain is the one that the check built, which may end with an authority of ours.
 */
export function sclientReport(socket: tls.TLSSocket, events: readonly ExplainEvent[]): readonly string[] {
  const chain = chainOf(socket.getPeerX509Certificate());
  const summary = summarise(events, "implicit");
  const { read, written } = handshakeOctets(events);
  const alpn =
    typeof socket.alpnProtocol === "string"
      ? `ALPN protocol: ${escapeControls(socket.alpnProtocol)}`
      : "No ALPN negotiated";
  const verification = summary.verification;
  const verdict = verification?.verdict === "verified" ? "0 (ok)" : (verification?.reason ?? "not checked");
  return [
    "---",
    "Certificate chain",
    ...chain.flatMap(chainLines),
    "---",
    `Peer signature: ${peerSignature(summary.serverHello?.version, chain[0], events)}`,
    `Key exchange group: ${summary.group ?? "none"}`,
    "---",
    `The handshake has read ${read} octets and written ${written} octets`,
    `Verification: ${verification?.verdict === "verified" ? "OK" : verdict}`,
    "---",
    `${socket.isSessionReused() ? "Reused" : "New"}, ${summary.serverHello?.version ?? "unknown"}, cipher ${socket.getCipher().standardName}`,
    `Server public key: ${chain[0] ? keyText(chain[0]) : "none"}`,
    alpn,
    summary.clientHello?.earlyData === true ? "Early data was offered" : "Early data was not sent",
    `Verify return code: ${verdict}`,
    "---",
  ];
}

/** The bound keeps authorities that sign each other from making a loop. */
const chainLengthMax = 10;

function chainOf(leaf: X509Certificate | undefined): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = leaf; next && chain.length < chainLengthMax; next = next.issuerCertificate) {
    if (chain.some((known) => known.fingerprint256 === next?.fingerprint256)) break;
    chain.push(next);
  }
  return chain;
}

function chainLines(certificate: X509Certificate, depth: number): string[] {
  return [
    ` ${depth} s: ${oneLine(certificate.subject)}`,
    `   i: ${oneLine(certificate.issuer)}`,
    `   key: ${keyText(certificate)}; signature: ${certificate.signatureAlgorithm ?? "unknown"}`,
    `   valid: ${certificate.validFromDate.toISOString()} to ${certificate.validToDate.toISOString()}`,
  ];
}

function keyText({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve = "" } = publicKey.asymmetricKeyDetails ?? {};
  const type = (publicKey.asymmetricKeyType ?? "unknown").toUpperCase();
  if (modulusLength !== undefined) return `${type}, ${modulusLength} bits`;
  return curveTexts[namedCurve] ?? [type, namedCurve].filter(Boolean).join(" ");
}

const curveTexts: Readonly<Record<string, string>> = {
  prime256v1: "EC P-256, 256 bits",
  secp384r1: "EC P-384, 384 bits",
  secp521r1: "EC P-521, 521 bits",
};

/**
 * TLS 1.2 sends the algorithm in clear. TLS 1.3 sends it encrypted, but leaves one for each key (RFC 8446 §4.2.3): the
 * curve decides for ECDSA, EdDSA has one, RSA must be RSA-PSS with a digest that stays unknown here.
 */
function peerSignature(
  version: string | undefined,
  leaf: X509Certificate | undefined,
  events: readonly ExplainEvent[],
): string {
  const messages = events.flatMap((event) => (event.kind === "messages" ? event.messages : []));
  const told = messages.find((message) => message.kind === "server-key-exchange")?.signatureAlgorithm;
  if (told !== undefined || version !== "TLS 1.3") return told ?? "none";
  const { asymmetricKeyType: type = "unknown", asymmetricKeyDetails: details } = leaf?.publicKey ?? {};
  return signatureOfCurve[details?.namedCurve ?? ""] ?? signatureOfKeyType[type] ?? type;
}

const signatureOfCurve: Readonly<Record<string, string>> = {
  prime256v1: "ecdsa_secp256r1_sha256",
  secp384r1: "ecdsa_secp384r1_sha384",
  secp521r1: "ecdsa_secp521r1_sha512",
};

const signatureOfKeyType: Readonly<Record<string, string>> = { rsa: "RSA-PSS", "rsa-pss": "RSA-PSS" };

/** Octets on the wire until the handshake was finished at our end: read up to then, written with our own Finished. */
function handshakeOctets(events: readonly ExplainEvent[]): { readonly read: number; readonly written: number } {
  const secured = events.findIndex((event) => event.kind === "secured");
  const finished = events.findIndex((event) => event.kind === "encrypted" && event.direction === "to-server");
  const sum = (direction: Direction, end: number) =>
    events
      .slice(0, end === -1 ? events.length : end)
      .filter((event) => event.direction === direction && event.layer !== "ftp")
      .reduce((octets, event) => octets + event.length, 0);
  return { read: sum("to-client", secured), written: sum("to-server", finished + 1) };
}
