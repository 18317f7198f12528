import { normaliseAddress } from "@sallyport/protocol";
import { BlockList, isIP } from "node:net";

/** Where a gateway leads nobody who was not expressly let there; what becomes of an address decides, not how it is spelled. */
const rows = {
  loopback: ["127.0.0.0/8", "::1/128"],
  /** This machine, its networks and its neighbours; 169.254.169.254 gives away a cloud machine's keys. */
  private: [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "::/128",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
  ],
  /** What is no single host, ways to write an IPv4 address as one of IPv6, and IPv6 that is not handed out (RFC 4291 §2.4). */
  never: [
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/3",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/2",
    "8000::/1",
  ],
} as const;

export type AddressKind = keyof typeof rows | "public";

/** Tells where an IP address lies; of IPv4 in IPv6 (`::ffff:…`) the IPv4 address counts. */
export function kindOfAddress(address: string): AddressKind {
  const bare = normaliseAddress(address.replace(/%.*$/, ""));
  if (bare === undefined) return "never";
  const family = familyOf(bare);
  for (const [kind, list] of lists[family]) if (list.check(bare, family)) return kind;
  return "public";
}

/** A list of IPv6 networks would take IPv4 for what it is mapped to. */
const lists = { ipv4: listsOf("ipv4"), ipv6: listsOf("ipv6") };

function listsOf(family: "ipv4" | "ipv6"): readonly (readonly [keyof typeof rows, BlockList])[] {
  const kinds = Object.keys(rows) as (keyof typeof rows)[];
  return kinds.map((kind) => {
    const list = new BlockList();
    for (const network of rows[kind]) {
      const [address = "", bits] = network.split("/");
      if (familyOf(address) === family) list.addSubnet(address, Number(bits), family);
    }
    return [kind, list];
  });
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
