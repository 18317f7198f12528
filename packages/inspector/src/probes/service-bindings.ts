import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { escapeControls } from "@sallyport/protocol";

/** A record of type HTTPS (RFC 9460 §2): what a browser would be told of the host. */
export interface ServiceBinding {
  readonly priority: number;
  readonly target: string;
  /** Whether keys for Encrypted Client Hello stand in it (RFC 9849). */
  readonly hasEch: boolean;
}

/**
 * Asks a name server for records of type HTTPS, which Node's resolver does not know; undefined where it does not answer
 * in time or the answer cannot be read.
 */
export async function askServiceBindings(
  nameServer: string,
  host: string,
  timeoutMs: number,
): Promise<readonly ServiceBinding[] | undefined> {
  const { address, port } = endpointOf(nameServer);
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  const id = randomInt(0x10000);
  try {
    socket.connect(port, address);
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    socket.send(query(id, host));
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const [message]: readonly Buffer[] = await once(socket, "message", { signal: deadline });
      if (message !== undefined && message.length >= headerBytes && message.readUInt16BE(0) === id)
        return readAnswers(message);
    }
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

const headerBytes = 12;
const httpsType = 65;
const echKey = 5;

function query(id: number, host: string): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const labels = host
    .split(".")
    .filter(Boolean)
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, httpsType, 0, 1])]);
}

/** Records of the answer; undefined where one runs out of the message. */
function readAnswers(message: Buffer): readonly ServiceBinding[] | undefined {
  const bindings: ServiceBinding[] = [];
  const count = message.readUInt16BE(6);
  let at = nameEnd(message, headerBytes) + 4;
  for (let record = 0; record < count; record++) {
    at = nameEnd(message, at);
    if (at + 10 > message.length) return undefined;
    const type = message.readUInt16BE(at);
    const data = message.subarray(at + 10, at + 10 + message.readUInt16BE(at + 8));
    if (type === httpsType && data.length > 2) bindings.push(bindingOf(data));
    at += 10 + message.readUInt16BE(at + 8);
  }
  return bindings;
}

function bindingOf(data: Buffer): ServiceBinding {
  const labels: string[] = [];
  let at = 2;
  for (let length = data[at] ?? 0; length > 0 && length < 64; length = data[at] ?? 0) {
    labels.push(data.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  let hasEch = false;
  for (let key = at + 1; key + 4 <= data.length; key += 4 + data.readUInt16BE(key + 2)) {
    hasEch ||= data.readUInt16BE(key) === echKey;
  }
  return { priority: data.readUInt16BE(0), target: escapeControls(labels.join(".")) || ".", hasEch };
}

/** Behind a name, whose end is an empty label or a pointer (RFC 1035 §4.1.4). */
function nameEnd(message: Buffer, start: number): number {
  let at = start;
  for (let length = message[at]; length !== undefined && length > 0; length = message[at]) {
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return at + 1;
}

/** As 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:5353. */
function endpointOf(nameServer: string): { readonly address: string; readonly port: number } {
  const { address, port } =
    /^\[?(?<address>[\d.]+|[\da-f:.]+(?=\]|$))\]?(?::(?<port>\d+))?$/i.exec(nameServer)?.groups ?? {};
  return { address: address ?? nameServer, port: Number(port ?? 53) };
}
