import { isIpv4, normaliseAddress } from "@sallyport/protocol";

/** How far an address reaches, as far as guards against bouncing and stealing care. */
export type AddressReach = "unspecified" | "loopback" | "link-local" | "multicast" | "other";

/**
 * Writes an IP address in the one form in which two addresses of one host are equal strings: IPv4-mapped IPv6 as IPv4
 * (R-DATA-02), and without a zone, which peers leave out and sockets add. Undefined for whatever is no address (S-06).
 */
export function canonicalAddress(text: string): string | undefined {
  return normaliseAddress(text.replace(/%.*$/s, ""));
}

/** Classifies a canonical address (RFC 6890). */
export function addressReach(canonical: string): AddressReach {
  const rows = isIpv4(canonical) ? ipv4Reaches : ipv6Reaches;
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
