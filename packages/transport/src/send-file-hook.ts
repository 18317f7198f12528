import { once } from "node:events";
import { closeSync, openSync, readSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * Hands octets of a file to the kernel's side of a TCP connection with sendfile(2), without a copy through this process:
 * a large file in clear costs a fraction of the CPU of reading and writing it.
 *
 * Node offers it through `node:ffi` (26.x, experimental) on the descriptor that a socket's native handle tells. Nothing
 * goes while something waits to be written on the socket. It never waits for the peer, but it does wait for the disk where
 * {@link isInPageCache} would say no.
 *
 * @param descriptor of a regular file, open for reading; its own position stays where it is.
 * @returns how many octets went, fewer than asked where the connection is full or the file ended, and 0 where nothing
 *   can go now, for whatever reason; an ordinary write then tells which, or waits for room.
 */
export function sendFromFile(socket: Socket, descriptor: number, position: number, length: number): number {
  const to = (socket as Socket & Inside)._handle?.fd;
  if (!kernel || typeof to !== "number" || to < 0 || socket.writableLength > 0) return 0;
  words[offsetWord] = BigInt(position);
  return Math.max(0, Number(kernel.sendfile(to, descriptor, offsetAddress, BigInt(length))));
}

/**
 * Tells whether the octet at a position of a file could be read without waiting for a disk, by preadv2(2) with
 * RWF_NOWAIT. False also where the file system does not answer that (tmpfs, overlayfs).
 */
export function isInPageCache(descriptor: number, position: number): boolean {
  return kernel !== undefined && kernel.preadv2(descriptor, vectorAddress, 1, BigInt(position), doNotWait) >= 0n;
}

/**
 * Proves on a loopback connection that {@link sendFromFile} does what it says in this Node: octets arrive whole and in
 * order from any position on, a full connection is told at once and not waited for, and a destroyed one is left alone.
 * Never rejects.
 */
export async function sendFileHookWorks(): Promise<boolean> {
  try {
    kernel ??= bindKernel();
    return kernel !== undefined && (await sendsWhole());
  } catch {
    return false;
  }
}

async function sendsWhole(): Promise<boolean> {
  const signal = AbortSignal.timeout(selfTestMs);
  const server = createServer({ allowHalfOpen: true });
  const opened: Socket[] = [];
  // A file that is surely there, and larger than what a connection holds.
  const file = openSync(process.execPath, "r");
  try {
    server.listen({ port: 0, host: "127.0.0.1", exclusive: true });
    await once(server, "listening", { signal });
    const arrival = new Arrival(file);
    const { port } = server.address() as AddressInfo;
    const receiver = connect({ port, host: "127.0.0.1", onread: arrival });
    receiver.pause();
    opened.push(receiver);
    const [sender] = (await once(server, "connection", { signal })) as [Socket];
    opened.push(sender);
    for (const end of opened) end.on("error", () => {});
    let position = arrival.first;
    let sent: number;
    do {
      sent = sendFromFile(sender, file, position, selfTestPieceBytes);
      position += sent;
    } while (sent > 0 && position < selfTestBytesMax);
    if (sent > 0 || position === arrival.first) return false;
    const byWrite = Buffer.alloc(1000);
    position += readSync(file, byWrite, 0, byWrite.length, position);
    sender.write(byWrite, () => {
      position += sendFromFile(sender, file, position, 1000);
      sender.end();
    });
    receiver.resume();
    await once(receiver, "end", { signal });
    sender.destroy();
    return arrival.isRight && arrival.position === position && sendFromFile(sender, file, 0, 1) === 0;
  } finally {
    for (const socket of opened) socket.destroy();
    server.close();
    closeSync(file);
  }
}

/** Compares what arrives with the file that it came from. */
class Arrival {
  readonly first = 4097;
  position = this.first;
  isRight = true;
  readonly buffer = Buffer.allocUnsafe(65_536);
  readonly #expected = Buffer.allocUnsafe(65_536);
  readonly #file: number;

  constructor(file: number) {
    this.#file = file;
  }

  readonly callback = (length: number): boolean => {
    readSync(this.#file, this.#expected, 0, length, this.position);
    this.isRight &&= this.#expected.compare(this.buffer, 0, length, 0, length) === 0;
    this.position += length;
    return true;
  };
}

const selfTestMs = 2000;
const selfTestPieceBytes = 1_048_576;
/** More than the largest send and receive buffers together (tcp_wmem, tcp_rmem). */
const selfTestBytesMax = 50 * selfTestPieceBytes;

interface Inside {
  readonly _handle?: { readonly fd?: number } | null;
}

/** Two calls of the C library that this process is linked with. */
interface Kernel {
  sendfile(to: number, from: number, offset: bigint, count: bigint): bigint;
  preadv2(descriptor: number, vectors: bigint, count: number, offset: bigint, flags: number): bigint;
}

interface ForeignFunctions {
  dlopen(library: null, signatures: Record<keyof Kernel, Signature>): { readonly functions: Kernel };
  getRawPointer(memory: ArrayBuffer): bigint;
}

interface Signature {
  readonly return: string;
  readonly arguments: readonly string[];
}

const signatures: Record<keyof Kernel, Signature> = {
  sendfile: { return: "int64", arguments: ["int32", "int32", "pointer", "uint64"] },
  preadv2: { return: "int64", arguments: ["int32", "pointer", "int32", "int64", "int32"] },
};

/** RWF_NOWAIT of <linux/fs.h>. */
const doNotWait = 8;

/**
 * The memory that the calls are given, kept as long as the module: sendfile's offset, then an iovec (address, length) of
 * the one octet that a probe reads, in words of 64 bits. They only run one after the other, so one of each is enough.
 */
const memory = new ArrayBuffer(32);
const words = new BigInt64Array(memory);
const [offsetWord, vectorWord, lengthWord, octetWord] = [0, 1, 2, 3];
let offsetAddress = 0n;
let vectorAddress = 0n;
let kernel: Kernel | undefined;

function bindKernel(): Kernel | undefined {
  // The layout above is that of 64-bit Linux.
  if (process.platform !== "linux" || !arch64.has(process.arch)) return undefined;
  try {
    const ffi = loadForeignFunctions();
    if (!ffi) return undefined;
    const address = ffi.getRawPointer(memory);
    const addressOf = (word: number): bigint => address + BigInt(word * words.BYTES_PER_ELEMENT);
    offsetAddress = addressOf(offsetWord);
    vectorAddress = addressOf(vectorWord);
    words[vectorWord] = addressOf(octetWord);
    words[lengthWord] = 1n;
    return ffi.dlopen(null, signatures).functions;
  } catch {
    // No such module or function, or the permission model forbids it.
    return undefined;
  }
}

const arch64: ReadonlySet<string> = new Set(["x64", "arm64", "riscv64", "loong64", "ppc64"]);

/** Loads `node:ffi`, and keeps its warning that it is experimental from users, who can do nothing about it. */
function loadForeignFunctions(): ForeignFunctions | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:ffi") as unknown as ForeignFunctions | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
