import { isTls13, signatureAlgorithmName } from "@sallyport/protocol";
import type { Secured } from "./secured.ts";

/** What `openssl s_client` tells of a handshake beyond version, suite and chain. */
export interface HandshakeFacts {
  /** Names of the authorities whose certificates the server takes; undefined where it asks for none. */
  readonly clientAuthorities: readonly string[] | undefined;
  /** How the server proved that it has the key; undefined on resumption and for RSA key transport. */
  readonly signature: PeerSignature | undefined;
  /** TLS 1.3 has no renegotiation. */
  readonly renegotiation: "secure" | "insecure" | "none";
  readonly compression: "none" | "DEFLATE" | "other";
  /** How much early data the server takes with a ticket of it; undefined where it takes none (RFC 8446 §4.2.10). */
  readonly earlyDataBytes: number | undefined;
  /** How long the first ticket of TLS 1.3 is good for. */
  readonly ticketLifetimeSeconds: number | undefined;
}

export interface PeerSignature {
  /** By its IANA name, such as `ecdsa_secp256r1_sha256`. */
  readonly algorithm: string;
  /** As OpenSSL names it, `SHA256`; undefined where the algorithm has its own, as Ed25519. */
  readonly digest: string | undefined;
  readonly type: "RSA" | "RSA-PSS" | "ECDSA" | "DSA" | "Ed25519" | "Ed448" | "ML-DSA" | "unknown";
}

/** Reads the facts off what the server has sent so far: tickets come behind the handshake. */
export function handshakeFacts({ seen }: Pick<Secured, "seen">): HandshakeFacts {
  const { hello, clientAuthorities, signatureAlgorithm, tickets } = seen();
  const isSecure = hello?.renegotiationInfo === true;
  return {
    clientAuthorities,
    signature: signatureAlgorithm === undefined ? undefined : signatureOf(signatureAlgorithm),
    renegotiation: hello !== undefined && isTls13(hello) ? "none" : isSecure ? "secure" : "insecure",
    compression: compressions[hello?.compressionMethod ?? 0] ?? "other",
    earlyDataBytes: tickets.find(({ earlyDataBytes }) => earlyDataBytes !== undefined)?.earlyDataBytes,
    ticketLifetimeSeconds: tickets[0]?.lifetimeSeconds,
  };
}

const compressions: readonly HandshakeFacts["compression"][] = ["none", "DEFLATE"];

function signatureOf(code: number): PeerSignature {
  const algorithm = signatureAlgorithmName(code);
  const digest = /sha\d+$/.exec(algorithm)?.[0].toUpperCase();
  return { algorithm, digest, type: signatureTypes.find(([start]) => algorithm.startsWith(start))?.[1] ?? "unknown" };
}

const signatureTypes: readonly (readonly [start: string, type: PeerSignature["type"]])[] = [
  ["rsa_pss", "RSA-PSS"],
  ["rsa_", "RSA"],
  ["ecdsa_", "ECDSA"],
  ["dsa_", "DSA"],
  ["ed25519", "Ed25519"],
  ["ed448", "Ed448"],
  ["mldsa", "ML-DSA"],
];
