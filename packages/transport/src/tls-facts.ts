import {
  groupName,
  handshakeStream,
  handshakeTypes,
  joinHandshake,
  parseServerHello,
  parseServerKeyExchange,
  recordStream,
  splitRecords,
} from "@sallyport/protocol";
import type { TLSSocket } from "node:tls";
import { verificationProblem } from "./peer-verification-hook.ts";
import { alternativeNames, certificateFingerprint } from "./tls-identity.ts";
import type { ServerTlsProfile } from "./tls-profile.ts";

/** The certificate that a client showed. */
export interface ClientCertificate {
  /** SHA-256 over the DER, lower-case hex. */
  readonly fingerprint: string;
  /** The distinguished name, one attribute a line, as Node prints it. */
  readonly subject: string;
  /** With their kind in front: `DNS:`, `email:`, `URI:`, `IP Address:`. */
  readonly alternativeNames: readonly string[];
  readonly validUntil: Date;
  /** Why it is not verified against the authorities (a code of OpenSSL); undefined where it is. */
  readonly problem: string | undefined;
}

/** What either end knows of a TLS handshake. */
export interface TlsAgreement {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite by its IANA name. */
  readonly suite: string;
  /** The key-exchange group; undefined where it was not seen. */
  readonly group: string | undefined;
  /** The name that the client sent; undefined where it asked for an address. */
  readonly serverName: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
}

/** What was agreed in one TLS handshake, for logs, STAT and decisions. */
export interface TlsFacts extends TlsAgreement {
  readonly clientCertificate: ClientCertificate | undefined;
}

/**
 * Reads the facts of a finished handshake.
 *
 * @param sent what the server sent in clear, from which the group is read: Node tells it to clients only.
 */
export function readTlsFacts(socket: TLSSocket, profile: ServerTlsProfile, sent: readonly Uint8Array[] = []): TlsFacts {
  const serverName = (socket as { servername?: string | false }).servername;
  return {
    protocol: socket.getProtocol() ?? "unknown",
    suite: socket.getCipher().standardName,
    group: keyExchangeGroup(sent),
    serverName: serverName || undefined,
    alpn: socket.alpnProtocol || undefined,
    resumed: socket.isSessionReused(),
    clientCertificate: readClientCertificate(socket, profile),
  };
}

/** The client's certificate, also on a resumed connection, where it comes from the ticket; undefined without one. */
export function readClientCertificate(socket: TLSSocket, profile: ServerTlsProfile): ClientCertificate | undefined {
  if (!profile.clientCertificates) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return undefined;
  return {
    fingerprint: certificateFingerprint(certificate),
    subject: certificate.subject,
    alternativeNames: alternativeNames(certificate.subjectAltName),
    validUntil: certificate.validToDate,
    problem: verificationProblem(socket, certificate, profile.clientAuthorities),
  };
}

function keyExchangeGroup(sent: readonly Uint8Array[]): string | undefined {
  let suite = 0;
  let handshake = handshakeStream();
  for (const record of splitRecords(recordStream(), Buffer.concat(sent)).records) {
    if (record.type !== handshakeRecord) break;
    const joined = joinHandshake(handshake, record);
    handshake = joined.stream;
    for (const { type, octets } of joined.messages) {
      const group = type === handshakeTypes.serverHello ? helloGroup(octets) : exchangeGroup(type, octets);
      if (group !== undefined) return groupName(group);
    }
  }
  return undefined;

  function helloGroup(octets: Uint8Array): number | undefined {
    const hello = parseServerHello(octets);
    if (typeof hello === "string") return undefined;
    suite = hello.cipherSuite;
    return hello.group;
  }

  function exchangeGroup(type: number, octets: Uint8Array): number | undefined {
    if (type !== handshakeTypes.serverKeyExchange) return undefined;
    const exchange = parseServerKeyExchange(octets, suite);
    return exchange === "malformed" ? undefined : exchange.group;
  }
}

const handshakeRecord = 22;
