import type { Facts } from "../probes/gather.ts";
import { handshakeFacts } from "../probes/handshake-facts.ts";
import type { Secured, ShownCertificate } from "../probes/secured.ts";

/** What was agreed in a finished handshake, as `openssl s_client` tells it. */
export interface HandshakeReport {
  readonly protocol: string;
  readonly suite: string;
  /** Key-exchange group, and its size as OpenSSL counts it; null for a hybrid one, which has none. */
  readonly group: string | null;
  readonly groupBits: number | null;
  /** How the server proved that it has the key; null on resumption and for RSA key transport. */
  readonly signature: { readonly algorithm: string; readonly digest: string | null; readonly type: string } | null;
  /** Bits of the certificate's key; null on resumption, and for keys of one size. */
  readonly publicKeyBits: number | null;
  /** TLS 1.3 has no renegotiation. */
  readonly renegotiation: "secure" | "insecure" | "none";
  readonly compression: "none" | "DEFLATE" | "other";
  /** Our end sends none; how much the server would take with a ticket, null where it takes none. */
  readonly earlyData: { readonly isSent: false; readonly takenBytes: number | null };
  /** Names of the authorities whose certificates the server takes from clients; null where it asks for none. */
  readonly clientAuthorities: readonly string[] | null;
  readonly alpn: string | null;
  readonly resumed: boolean;
  /** OpenSSL's code for what is wrong with the certificate; null where it is trusted and for this host. */
  readonly verification: string | null;
  /** Octets of the handshake on the wire, up to the moment when our end was done with it. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Tickets that came until the connection was left. */
  readonly tickets: number;
  /** How long the first ticket of TLS 1.3 is good for; null where there is none. */
  readonly ticketLifetimeSeconds: number | null;
  /** Leaf first, as the server sent them or the authorities complete them; empty on resumption. */
  readonly chain: readonly CertificateReport[];
}

export interface CertificateReport {
  readonly depth: number;
  /** Whether the server sent it; the authorities that we trust add those that complete the chain. */
  readonly isSent: boolean;
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
  const facts = handshakeFacts(secured);
  const { signature, renegotiation, compression, clientAuthorities = null, ticketLifetimeSeconds = null } = facts;
  const sent = new Set(secured.seen().sent.map((der) => der.toString("base64")));
  return {
    ...{ protocol, suite, group, groupBits: groupBits(group) },
    signature: signature === undefined ? null : { ...signature, digest: signature.digest ?? null },
    publicKeyBits: chain[0]?.keyBits ?? null,
    ...{ renegotiation, compression, clientAuthorities },
    earlyData: { isSent: false, takenBytes: facts.earlyDataBytes ?? null },
    ...{ alpn, resumed, verification: problem, ...size, tickets: tickets.length, ticketLifetimeSeconds },
    chain: chain.map((shown, depth) => certificate(shown, depth, sent.has(shown.der.toString("base64")))),
  };
}

/** Sizes as OpenSSL counts them, by its names of the groups. */
const groupSizes: readonly (readonly [name: RegExp, bits: number])[] = [
  [/^x25519$/i, 253],
  [/^x448$/i, 448],
  [/^(?:prime256v1|secp256r1|P-256|brainpoolP256r1(?:tls13)?)$/i, 256],
  [/^(?:secp384r1|P-384|brainpoolP384r1(?:tls13)?)$/i, 384],
  [/^(?:secp521r1|P-521)$/i, 521],
  [/^brainpoolP512r1(?:tls13)?$/i, 512],
];

function groupBits(group: string | null): number | null {
  const name = group ?? "";
  const finite = /^(?:ffdhe|DH )(\d+)$/.exec(name)?.[1];
  if (finite !== undefined) return Number(finite);
  return groupSizes.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}

function certificate(shown: ShownCertificate, depth: number, isSent: boolean): CertificateReport {
  const { subject, issuer, serialNumber, keyType, keyBits = null, curve = null, signatureAlgorithm } = shown;
  const { names, isAuthority, fingerprint } = shown;
  return {
    ...{ depth, isSent, subject, issuer, serialNumber, keyType, keyBits, curve, signatureAlgorithm },
    validFrom: shown.validFrom.toISOString(),
    validUntil: shown.validUntil.toISOString(),
    ...{ names, isAuthority, fingerprint },
  };
}
