import type { Facts } from "../probes/gather.ts";
import type { Secured, ShownCertificate } from "../probes/secured.ts";

/** What was agreed in a finished handshake, as `openssl s_client` tells it. */
export interface HandshakeReport {
  readonly protocol: string;
  readonly suite: string;
  readonly group: string | null;
  readonly alpn: string | null;
  readonly resumed: boolean;
  /** OpenSSL's code for what is wrong with the certificate; null where it is trusted and for this host. */
  readonly verification: string | null;
  /** Octets of the handshake on the wire, up to the moment when our end was done with it. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Tickets that came until the connection was left. */
  readonly tickets: number;
  /** Leaf first, as the server sent them or the authorities complete them; empty on resumption. */
  readonly chain: readonly CertificateReport[];
}

export interface CertificateReport {
  readonly depth: number;
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly keyType: string;
  readonly keyBits: number | null;
  readonly curve: string | null;
  readonly signatureAlgorithm: string;
  readonly validFrom: string;
  readonly validUntil: string;
  readonly names: readonly string[];
  readonly isAuthority: boolean;
  /** SHA-256 over the DER, lower-case hex. */
  readonly fingerprint: string;
}

/** One handshake of each mode, and one of a data connection that was made in full. */
export interface Handshakes {
  readonly explicit: HandshakeReport | null;
  readonly implicit: HandshakeReport | null;
  readonly data: HandshakeReport | null;
}

export function handshakesOf({ explicit, implicit, login }: Facts): Handshakes {
  const data = login.kind === "known" ? (login.value.fresh?.secured ?? login.value.resumed?.secured) : undefined;
  return {
    explicit: explicit.kind === "known" ? handshake(explicit.value.secured) : null,
    implicit: implicit.kind === "known" ? handshake(implicit.value.secured) : null,
    data: handshake(data),
  };
}

function handshake(
  secured: Omit<Secured, "socket"> | { readonly kind: "handshake-failed" } | undefined,
): HandshakeReport | null {
  if (secured?.kind !== "secured") return null;
  const { protocol, suite, group = null, alpn = null, resumed, problem = null, size, tickets, chain } = secured;
  return {
    ...{ protocol, suite, group, alpn, resumed, verification: problem, ...size, tickets: tickets.length },
    chain: chain.map(certificate),
  };
}

function certificate(shown: ShownCertificate, depth: number): CertificateReport {
  const { subject, issuer, serialNumber, keyType, keyBits = null, curve = null, signatureAlgorithm } = shown;
  const { names, isAuthority, fingerprint } = shown;
  return {
    ...{ depth, subject, issuer, serialNumber, keyType, keyBits, curve, signatureAlgorithm },
    validFrom: shown.validFrom.toISOString(),
    validUntil: shown.validUntil.toISOString(),
    ...{ names, isAuthority, fingerprint },
  };
}
