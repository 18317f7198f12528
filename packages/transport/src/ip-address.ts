import { isIP, isIPv4, SocketAddress } from "node:net";

/** How far an address reaches, as far as guards against bouncing and stealing care. */
export type AddressReach = "unspecified" | "loopback" | "link-local" | "multicast" | "other";

/**
 * Writes an IP address in the one form in which two equal addresses are equal strings: IPv4-mapped IPv6 as IPv4
 * (R-DATA-02), IPv6 compressed and in lower case, without a zone. Returns undefined for whatever is no address, such
 * as `127.1` or octal octets (S-06).
 */
export function canonicalAddress(text: string): string | undefined {
  const address = text.replace(/%.*$/s, "");
  const family = isIP(address);
  if (family === 4) return address;
  if (family !== 6) return undefined;
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  const mapped = /^::ffff:(?<ipv4>[\d.]+)$/.exec(canonical)?.groups?.["ipv4"];
  return mapped !== undefined && isIPv4(mapped) ? mapped : canonical;
}

/** Whether two texts name the same address; false where either names none. */
export function isSameAddress(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const canonical = canonicalAddress(one);
  return canonical !== undefined && canonical === canonicalAddress(other);
}

/** Classifies a canonical address (RFC 6890). */
export function addressReach(canonical: string): AddressReach {
  const rows = isIPv4(canonical) ? ipv4Reaches : ipv6Reaches;
  return rows.find(({ pattern }) => pattern.test(canonical))?.reach ?? "other";
}

const ipv4Reaches: readonly { pattern: RegExp; reach: AddressReach }[] = [
  { pattern: /^0\./, reach: "unspecified" },
  { pattern: /^127\./, reach: "loopback" },
  { pattern: /^169\.254\./, reach: "link-local" },
  // 224.0.0.0/4 multicast, 240.0.0.0/4 reserved with the broadcast address at its end.
  { pattern: /^2(?:2[4-9]|[345]\d)\./, reach: "multicast" },
];

const ipv6Reaches: readonly { pattern: RegExp; reach: AddressReach }[] = [
  { pattern: /^::$/, reach: "unspecified" },
  { pattern: /^::1$/, reach: "loopback" },
  { pattern: /^fe[89ab]/, reach: "link-local" },
  { pattern: /^ff/, reach: "multicast" },
];
