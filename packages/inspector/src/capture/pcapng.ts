/**
 * Blocks of a capture file (draft-ietf-opsawg-pcapng): one section, one interface whose packets are IP without a link
 * layer, packets with times in microseconds, and TLS key logs.
 */
export function pcapngHead(application: string): Buffer {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(0x1a2b3c4d, 0);
  section.writeUInt16LE(1, 4);
  section.writeUInt16LE(0, 6);
  section.writeBigInt64LE(-1n, 8);
  const wire = Buffer.alloc(8);
  wire.writeUInt16LE(linkTypeRawIp, 0);
  const name = Buffer.from(application);
  const options = Buffer.concat([optionHead(userApplication, name.length), padded(name), optionHead(0, 0)]);
  return Buffer.concat([block(blockTypes.section, section, options), block(blockTypes.interface, wire)]);
}

/** @param atMs milliseconds since 1970, with fractions. */
export function pcapngPacket(atMs: number, packet: Buffer): Buffer {
  const head = Buffer.alloc(20);
  const microseconds = BigInt(Math.round(atMs * 1000));
  head.writeUInt32LE(0, 0);
  head.writeUInt32LE(Number(microseconds >> 32n), 4);
  head.writeUInt32LE(Number(microseconds & 0xffff_ffffn), 8);
  head.writeUInt32LE(packet.length, 12);
  head.writeUInt32LE(packet.length, 16);
  return block(blockTypes.packet, head, padded(packet));
}

/** @param keyLog lines of RFC 9850. */
export function pcapngSecrets(keyLog: string): Buffer {
  const secrets = Buffer.from(keyLog);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(tlsKeyLog, 0);
  head.writeUInt32LE(secrets.length, 4);
  return block(blockTypes.secrets, head, padded(secrets));
}

const blockTypes = { section: 0x0a0d0d0a, interface: 1, packet: 6, secrets: 10 } as const;
const linkTypeRawIp = 101;
const userApplication = 4;
const tlsKeyLog = 0x544c534b;

function block(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  const tail = Buffer.alloc(4);
  head.writeUInt32LE(type, 0);
  for (const [buffer, at] of [
    [head, 4],
    [tail, 0],
  ] as const)
    buffer.writeUInt32LE(12 + body.length, at);
  return Buffer.concat([head, body, tail]);
}

function optionHead(code: number, length: number): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(length, 2);
  return head;
}

function padded(octets: Buffer): Buffer {
  return Buffer.concat([octets, Buffer.alloc(-octets.length & 3)]);
}
