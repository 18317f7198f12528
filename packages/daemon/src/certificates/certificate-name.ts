import { isIP } from "node:net";

/** A name that a certificate is valid for: a DNS name in lower case, or an address with its 4 or 16 octets. */
export type CertificateName =
  | { readonly kind: "dns"; readonly text: string }
  | { readonly kind: "address"; readonly text: string; readonly octets: Uint8Array<ArrayBuffer> };

const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * Reads a host name or an address as a name for a certificate, or returns undefined where it can be none: DNS names
 * have at most 253 characters in labels of letters, digits, hyphens and underscores; a first label `*` is a wildcard
 * (RFC 6125 §6.4.3); IPv6 zones are refused, because they mean nothing to a peer.
 */
export function parseCertificateName(text: string): CertificateName | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  if (isIP(name) !== 0) {
    const octets = isIP(name) === 4 ? ipv4Octets(name) : ipv6Octets(name);
    return octets && { kind: "address", text: addressText(octets), octets };
  }
  const labels = (name.startsWith("*.") ? name.slice(2) : name).split(".");
  const looksLikeAddress = /^\d+$/.test(labels.at(-1) ?? "");
  if (name.length > 253 || looksLikeAddress || !labels.every((part) => label.test(part))) return undefined;
  return { kind: "dns", text: name };
}

/** Drops names that occur twice, keeping the first. */
export function distinctNames(names: readonly CertificateName[]): CertificateName[] {
  return [...new Map(names.map((name) => [`${name.kind}:${name.text}`, name])).values()];
}

/** The short form of an address (RFC 5952). */
function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const hex = Array.from({ length: 8 }, (_, at) => groupAt(octets, at).toString(16));
  return new URL(`http://[${hex.join(":")}]`).hostname.slice(1, -1);
}

function groupAt(octets: Uint8Array, index: number): number {
  return ((octets[2 * index] ?? 0) << 8) | (octets[2 * index + 1] ?? 0);
}

function ipv4Octets(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.split(".").map(Number));
}

function ipv6Octets(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.includes("%")) return undefined;
  const [head = "", tail] = text.split("::");
  const left = groups(head);
  const right = groups(tail ?? "");
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => 0);
  return Uint8Array.from([...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 0xff]));
}

/** The 16-bit groups of one side of `::`; a dotted quad at the end counts as two (RFC 4291 §2.2). */
function groups(side: string): number[] {
  return side
    .split(":")
    .filter((part) => part !== "")
    .flatMap((part) => {
      if (!part.includes(".")) return [Number.parseInt(part, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = ipv4Octets(part);
      return [(a << 8) | b, (c << 8) | d];
    });
}
