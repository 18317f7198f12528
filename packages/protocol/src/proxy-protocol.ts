import { limits } from "./limits.ts";

/** One end of the connection that a proxy speaks for; the address is IPv4 or IPv6 text. */
export interface ProxyEndpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * What a load balancer says about the connection it passes on (PROXY protocol of HAProxy, versions 1 and 2).
 *
 * `addresses` is undefined where the proxy speaks for itself (LOCAL, such as a health check) or knows no IP addresses
 * (UNKNOWN, AF_UNSPEC, AF_UNIX); the connection's own addresses count then.
 */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Length of the header; what follows belongs to the connection. */
  readonly byteLength: number;
  readonly addresses: { readonly source: ProxyEndpoint; readonly destination: ProxyEndpoint } | undefined;
}

/** Why octets are no PROXY header: they never begin one, break its grammar, or go on past the bound. */
export type ProxyHeaderFailure = "not-proxy" | "malformed" | "too-long";

/**
 * Reads a PROXY protocol header from the first octets of a connection; `"incomplete"` asks for more of them. TLVs of
 * version 2 are skipped. No input makes it throw, and no header longer than `bytesMax` is waited for.
 */
export function parseProxyHeader(
  bytes: Uint8Array,
  bytesMax: number = limits.proxyHeaderBytes.value,
): ProxyHeader | "incomplete" | ProxyHeaderFailure {
  if (startsAlike(bytes, binarySignature)) {
    return bytes.length < binarySignature.length ? "incomplete" : parseBinary(bytes, bytesMax);
  }
  if (startsAlike(bytes, textSignature)) return parseText(bytes);
  return "not-proxy";
}

const binarySignature = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a] as const;
const textSignature = [0x50, 0x52, 0x4f, 0x58, 0x59, 0x20] as const;
/** "PROXY UNKNOWN" with the longest addresses and CRLF (version 1, §2.1). */
const textBytesMax = 107;

/** Whether the octets, as far as they go, agree with a signature. */
function startsAlike(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((octet, at) => at >= bytes.length || bytes[at] === octet);
}

function parseText(bytes: Uint8Array): ProxyHeader | "incomplete" | ProxyHeaderFailure {
  const end = bytes.subarray(0, textBytesMax).indexOf(0x0a);
  if (end < 0) return bytes.length < textBytesMax ? "incomplete" : "too-long";
  const line = String.fromCharCode(...bytes.subarray(0, end + 1));
  const byteLength = end + 1;
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) return { version: 1, byteLength, addresses: undefined };
  const fields = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line);
  const [, family = "", sourceAddress = "", destinationAddress = "", sourcePort, destinationPort] = fields ?? [];
  const form = family === "4" ? ipv4Form : ipv6Form;
  const source = { address: sourceAddress, port: Number(sourcePort) };
  const destination = { address: destinationAddress, port: Number(destinationPort) };
  for (const { address, port } of [source, destination]) {
    if (!form.test(address) || !(port <= 0xffff)) return "malformed";
  }
  return { version: 1, byteLength, addresses: { source, destination } };
}

const ipv4Form = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
/** The right characters and no more: whoever compares the address has to bring it into one form anyway. */
const ipv6Form = /^[0-9A-Fa-f:]{2,39}$/;

const prefixBytes = 16;
const commands = { local: 0x20, proxy: 0x21 } as const;
/** Octets of one address by the upper half of the family octet; those without IP addresses have none. */
const addressBytes: Readonly<Record<number, number>> = { 0x1: 4, 0x2: 16 };

function parseBinary(bytes: Uint8Array, bytesMax: number): ProxyHeader | "incomplete" | ProxyHeaderFailure {
  const [command, family, high, low] = bytes.subarray(binarySignature.length, prefixBytes);
  if (command !== undefined && command !== commands.local && command !== commands.proxy) return "malformed";
  if (family === undefined || high === undefined || low === undefined) return "incomplete";
  const byteLength = prefixBytes + high * 256 + low;
  if (byteLength > bytesMax) return "too-long";
  if (bytes.length < byteLength) return "incomplete";
  const width = addressBytes[family >> 4];
  if (command === commands.local || width === undefined) return { version: 2, byteLength, addresses: undefined };
  if (byteLength < prefixBytes + 2 * width + 4) return "malformed";
  const ports = prefixBytes + 2 * width;
  const source = endpointAt(bytes, prefixBytes, width, ports);
  const destination = endpointAt(bytes, prefixBytes + width, width, ports + 2);
  return { version: 2, byteLength, addresses: { source, destination } };
}

function endpointAt(bytes: Uint8Array, at: number, width: number, portAt: number): ProxyEndpoint {
  const address = bytes.subarray(at, at + width);
  const pairs = Array.from({ length: width / 2 }, (_, pair) => numberAt(address, pair * 2).toString(16));
  return { address: width === 4 ? address.join(".") : pairs.join(":"), port: numberAt(bytes, portAt) };
}

function numberAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
