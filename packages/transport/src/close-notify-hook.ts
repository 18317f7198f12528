import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls, TLSSocket } from "node:tls";
import { getSystemErrorMap } from "node:util";

/** Tells how the incoming half of a TLS connection ended. */
export interface CloseNotifyWatch {
  /** `open` until it ended; `close-notify`, the peer said so inside TLS; `bare`, TCP ended and TLS did not. */
  readonly ending: "open" | "close-notify" | "bare";
}

/**
 * Watches TLS over a native socket for the end of its incoming half and tells a close_notify from a bare FIN, which an
 * attacker can send (R-TLS-20, S-11). Costs nothing for each record. To be called before anything was read.
 *
 * Node reports both alike. But it reports a close_notify while TCP is still being read, and a FIN only after TCP's end
 * has stopped that reading; and `readStart()` of the native TCP handle answers EALREADY in the first case alone
 * (libuv, uv_read_start). The order is Node's own and nothing on the wire can change it: only a record that
 * authenticates makes OpenSSL report a close_notify.
 *
 * TCP is not read here, cheaper as that would be: who reads it stands above TLS, which then is not told when a write that
 * had to wait is done, so that a slow reader is sent nothing more (Node 26.10, measured).
 *
 * @returns undefined where this Node has no such inside; then let TLS run over a Duplex that withholds the FIN.
 */
export function watchCloseNotify(socket: TLSSocket): CloseNotifyWatch | undefined {
  const handle = (socket as Partial<Inside>)._handle;
  const tcp = handle?._parent;
  if (!handle || !tcp || alreadyReading === undefined) return undefined;
  if (typeof tcp.readStart !== "function" || typeof tcp.readStop !== "function") return undefined;
  const watch: { ending: CloseNotifyWatch["ending"] } = { ending: "open" };
  let openWhenStopped: boolean | undefined;

  // What is decrypted already may bring the close_notify after back-pressure has stopped TCP, record by record.
  const readStop = handle.readStop.bind(handle);
  handle.readStop = () => {
    openWhenStopped ??= isBeingRead(tcp);
    return readStop();
  };
  const readStart = handle.readStart.bind(handle);
  handle.readStart = () => {
    openWhenStopped = undefined;
    return readStart();
  };
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && watch.ending === "open") {
      watch.ending = (openWhenStopped ?? isBeingRead(tcp)) ? "close-notify" : "bare";
    }
    return push(chunk, encoding);
  };
  return watch;
}

/**
 * Proves on loopback connections that {@link watchCloseNotify} tells the two endings apart in this Node. They use a
 * pre-shared key, so that no certificate is needed. Never rejects.
 */
export async function closeNotifyHookWorks(): Promise<boolean> {
  try {
    for (const stopping of [true, false]) {
      if ((await observedEnding("close-notify", stopping)) !== "close-notify") return false;
      if ((await observedEnding("bare", stopping)) !== "bare") return false;
    }
    return true;
  } catch {
    return false;
  }
}

interface Inside {
  _handle: { readStart(): number; readStop(): number; readonly _parent?: TcpHandle } | null;
}

interface TcpHandle {
  readStart(): number;
  readStop(): number;
}

const alreadyReading = [...getSystemErrorMap()].find(([, [name]]) => name === "EALREADY")?.[0];

function isBeingRead(tcp: TcpHandle): boolean {
  const status = tcp.readStart();
  if (status === 0) tcp.readStop();
  return status === alreadyReading;
}

const presharedKey = { psk: Buffer.alloc(32, "self-test"), identity: "self-test" };
const presharedKeyOptions = { ciphers: "PSK", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
const selfTestMs = 2000;

/** Sends a few records and an ending through a loopback connection and returns what the watch makes of it. */
async function observedEnding(ending: "close-notify" | "bare", stopping: boolean): Promise<string | undefined> {
  const signal = AbortSignal.timeout(selfTestMs);
  const server = createServer({ allowHalfOpen: true });
  server.listen({ port: 0, host: "127.0.0.1", exclusive: true });
  await once(server, "listening", { signal });
  const wire = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
  const [tcp] = (await once(server, "connection", { signal })) as [Socket];
  const receiver = new TLSSocket(tcp, {
    ...presharedKeyOptions,
    isServer: true,
    pskCallback: () => presharedKey.psk,
    // Each of the records stops reading, and the close_notify comes in one piece with them.
    ...(stopping && { highWaterMark: 1 }),
  } as ConstructorParameters<typeof TLSSocket>[1]);
  const watch = watchCloseNotify(receiver);
  const [outer, inner] = duplexPair();
  const sender = connectTls({
    ...presharedKeyOptions,
    socket: inner,
    pskCallback: () => presharedKey,
    checkServerIdentity: () => undefined,
  });
  let held: Buffer[] | undefined;
  outer.on("data", (records: Buffer) => (held ? held.push(records) : wire.write(records)));
  wire.on("data", (records: Buffer) => outer.write(records));
  for (const end of [receiver, sender, wire, tcp, outer, inner]) end.on("error", () => {});
  try {
    await once(sender, "secureConnect", { signal });
    held = [];
    sender.end(Buffer.alloc(40_000));
    await once(outer, "end", { signal });
    const records = Buffer.concat(held);
    wire.end(ending === "bare" ? records.subarray(0, lastRecordAt(records)) : records);
    if (stopping) while (receiver.readableLength === 0) await turn(undefined, { signal });
    receiver.resume();
    await once(receiver, "end", { signal });
    return watch?.ending;
  } finally {
    for (const end of [receiver, sender, wire, tcp]) end.destroy();
    server.close();
  }
}

/** Where the last record begins, the close_notify (RFC 5246 §6.2.1). */
function lastRecordAt(records: Buffer): number {
  let lastAt = 0;
  for (let at = 0; at < records.length; at += 5 + records.readUInt16BE(at + 3)) lastAt = at;
  return lastAt;
}
