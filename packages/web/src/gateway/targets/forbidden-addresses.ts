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
  /** What is no single host, and ways to write an IPv4 address as one of IPv6. */
  never: [
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "ff00::/8",
  ],
} as const;

export type AddressKind = keyof typeof rows | "public";

/** Tells where an IP address lies; of IPv4 in IPv6 (`::ffff:…`) the IPv4 address counts. */
export function kindOfAddress(address: string): AddressKind {
  const bare = withoutMapping(address.replace(/%.*$/, ""));
  const family = isIP(bare);
  if (family === 0) return "never";
  const type = family === 6 ? "ipv6" : "ipv4";
  for (const [kind, list] of lists) if (list.check(bare, type)) return kind;
  return "public";
}

function withoutMapping(address: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^(?:0*:)*:?(?:0*:)*ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [first >> 8, first & 255, second >> 8, second & 255].join(".");
}

const lists = (Object.keys(rows) as (keyof typeof rows)[]).map((kind) => [kind, blockListOf(rows[kind])] as const);

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) addNetwork(list, network);
  return list;
}

function addNetwork(list: BlockList, network: string): void {
  const [address = "", bits = ""] = network.split("/");
  list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
}
