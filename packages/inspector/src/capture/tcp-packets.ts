import { isIPv6 } from "node:net";

/** One end of a TCP connection. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export type Side = "client" | "server";

/**
 * Makes the IP packets that a TCP connection would have been seen in, from what its streams carried: an end of a
 * connection knows the octets and their order, and not how the network cut and acknowledged them.
 */
export class TcpPackets {
  readonly #ends: Readonly<Record<Side, Endpoint>>;
  readonly #next: Record<Side, number> = { client: 0, server: 0 };

  constructor(client: Endpoint, server: Endpoint) {
    this.#ends = { client, server };
  }

  /** The three packets in which a connection comes about (RFC 9293 §3.5). */
  opening(): readonly Buffer[] {
    const syn = this.#packet("client", flags.syn);
    this.#next.client = 1;
    const answer = this.#packet("server", flags.syn | flags.ack);
    this.#next.server = 1;
    return [syn, answer, this.#packet("client", flags.ack)];
  }

  data(from: Side, octets: Uint8Array): readonly Buffer[] {
    const packets: Buffer[] = [];
    for (let at = 0; at < octets.length; at += payloadBytesMax) {
      const payload = octets.subarray(at, at + payloadBytesMax);
      packets.push(this.#packet(from, flags.push | flags.ack, payload));
      this.#next[from] = (this.#next[from] + payload.length) >>> 0;
    }
    return packets;
  }

  end(from: Side): readonly Buffer[] {
    const packet = this.#packet(from, flags.fin | flags.ack);
    this.#next[from] = (this.#next[from] + 1) >>> 0;
    return [packet];
  }

  reset(from: Side): readonly Buffer[] {
    return [this.#packet(from, flags.reset | flags.ack)];
  }

  #packet(from: Side, flag: number, payload: Uint8Array = nothing): Buffer {
    const to = from === "client" ? "server" : "client";
    const [source, target] = [this.#ends[from], this.#ends[to]];
    const segment = Buffer.alloc(tcpHeaderBytes + payload.length);
    segment.writeUInt16BE(source.port, 0);
    segment.writeUInt16BE(target.port, 2);
    segment.writeUInt32BE(this.#next[from], 4);
    segment.writeUInt32BE((flag & flags.ack) === 0 ? 0 : this.#next[to], 8);
    segment.writeUInt8((tcpHeaderBytes / 4) << 4, 12);
    segment.writeUInt8(flag, 13);
    segment.writeUInt16BE(65_535, 14);
    segment.set(payload, tcpHeaderBytes);
    return isIPv6(source.address) ? ipv6(source, target, segment) : ipv4(source, target, segment);
  }
}

const flags = { fin: 1, syn: 2, reset: 4, push: 8, ack: 16 } as const;
const nothing = new Uint8Array(0);
const tcpHeaderBytes = 20;
const tcpProtocol = 6;
/** More than any link carries in one packet, and no more than an IP packet holds. */
const payloadBytesMax = 32_768;

function ipv4(source: Endpoint, target: Endpoint, segment: Buffer): Buffer {
  const addresses = Buffer.from([source, target].flatMap(({ address }) => address.split(".").map(Number)));
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(header.length + segment.length, 2);
  header.writeUInt16BE(0x4000, 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(tcpProtocol, 9);
  addresses.copy(header, 12);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, summed(addresses, segment)]);
}

function ipv6(source: Endpoint, target: Endpoint, segment: Buffer): Buffer {
  const addresses = Buffer.concat([source, target].map(({ address }) => ipv6Octets(address)));
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(segment.length, 4);
  header.writeUInt8(tcpProtocol, 6);
  header.writeUInt8(64, 7);
  return Buffer.concat([header, addresses, summed(addresses, segment)]);
}

/** The segment with its checksum over the pseudo header (RFC 9293 §3.1), which is the same sum for IPv4 and IPv6. */
function summed(addresses: Buffer, segment: Buffer): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(segment.length, 0);
  tail.writeUInt8(tcpProtocol, 7);
  segment.writeUInt16BE(checksum(Buffer.concat([addresses, tail, segment])), 16);
  return segment;
}

/** RFC 1071. */
function checksum(octets: Buffer): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += ((octets[at] ?? 0) << 8) + (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An address as the system prints it, with `::` for the longest run of zeros and perhaps a zone. */
function ipv6Octets(text: string): Buffer {
  const [address = ""] = text.split("%");
  const [head = "", tail] = address.split("::");
  const groups = (part: string): number[] => part.split(":").filter(Boolean).flatMap(groupNumbers);
  const before = groups(head);
  const behind = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array<number>(Math.max(0, 8 - before.length - behind.length)).fill(0), ...behind];
  const octets = Buffer.alloc(16);
  all.slice(0, 8).forEach((group, at) => octets.writeUInt16BE(group, 2 * at));
  return octets;
}

/** The last group may be an IPv4 address, as in `::ffff:192.0.2.1`. */
function groupNumbers(group: string): number[] {
  if (!group.includes(".")) return [Number.parseInt(group, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}
