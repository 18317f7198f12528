// A file system that stops answering: node hanging-file-system.ts DIRECTORY mounts it there by the FUSE protocol
// (include/uapi/linux/fuse.h), says so, and answers until it is stopped by SIGSTOP. What is asked then waits, as with a
// file server that is gone, until SIGCONT, or fails when this process is killed. It holds one file, `file`.
import { spawnSync } from "node:child_process";
import fs from "node:fs";

const [directory = ""] = process.argv.slice(2);
const content = Buffer.from("answered\n");
const [rootNode, fileNode] = [1n, 2n];
const [notFound, notSupported] = [-2, -38];

const device = fs.openSync("/dev/fuse", fs.constants.O_RDWR);
const options = "fd=3,rootmode=40000,user_id=0,group_id=0,allow_other";
const mounted = spawnSync("mount", ["-i", "-t", "fuse", "-o", options, "hanging", directory], {
  stdio: ["ignore", "inherit", "inherit", device],
});
if (mounted.status !== 0) process.exit(1);

process.stdout.write("mounted\n");
take();

function take(): void {
  const buffer = Buffer.alloc(262_144);
  fs.read(device, buffer, 0, buffer.length, null, (error, length) => {
    if (error === null) answer(buffer.subarray(0, length));
    else if (error.code !== "EINTR" && error.code !== "ENOENT") process.exit();
    take();
  });
}

function answer(request: Buffer): void {
  const given = outcomeOf(request.readUInt32LE(4), request.readBigUInt64LE(16), request.subarray(40));
  if (given === undefined) return;
  const [error, body] = typeof given === "number" ? [given, Buffer.alloc(0)] : [0, given];
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + body.length, 0);
  head.writeInt32LE(error, 4);
  request.copy(head, 8, 8, 16);
  try {
    fs.writeSync(device, Buffer.concat([head, body]));
  } catch {
    // Whoever asked has given up.
  }
}

/** The answer's body, or a negative errno; undefined where none is wanted. */
function outcomeOf(operation: number, node: bigint, body: Buffer): Buffer | number | undefined {
  switch (operation) {
    case 1: // LOOKUP
      return body.toString("latin1", 0, body.indexOf(0)) === "file" ? entry(fileNode) : notFound;
    case 3: // GETATTR
      return Buffer.concat([Buffer.alloc(16), attributes(node)]);
    case 14: // OPEN
    case 27: // OPENDIR
      return Buffer.alloc(16);
    case 15: // READ
      return content.subarray(Number(body.readBigUInt64LE(8)));
    case 28: // READDIR
      return body.readBigUInt64LE(8) === 0n ? directoryEntry("file", fileNode) : Buffer.alloc(0);
    case 17: // STATFS
      return Buffer.alloc(80);
    case 18: // RELEASE
    case 25: // FLUSH
    case 29: // RELEASEDIR
      return 0;
    case 26: // INIT
      return initial();
    case 2: // FORGET
    case 36: // INTERRUPT
    case 42: // BATCH_FORGET
      return undefined;
    default:
      return notSupported;
  }
}

function initial(): Buffer {
  const reply = Buffer.alloc(64);
  reply.writeUInt32LE(7, 0);
  reply.writeUInt32LE(31, 4);
  reply.writeUInt16LE(64, 16);
  reply.writeUInt16LE(48, 18);
  reply.writeUInt32LE(131_072, 20);
  return reply;
}

/** Nothing is cached, so that each look at a name asks here. */
function entry(node: bigint): Buffer {
  const reply = Buffer.alloc(40);
  reply.writeBigUInt64LE(node, 0);
  return Buffer.concat([reply, attributes(node)]);
}

function attributes(node: bigint): Buffer {
  const reply = Buffer.alloc(88);
  reply.writeBigUInt64LE(node, 0);
  reply.writeBigUInt64LE(BigInt(node === rootNode ? 0 : content.length), 8);
  reply.writeUInt32LE(node === rootNode ? 0o40755 : 0o100644, 60);
  reply.writeUInt32LE(1, 64);
  return reply;
}

function directoryEntry(name: string, node: bigint): Buffer {
  const reply = Buffer.alloc(24 + Math.ceil(name.length / 8) * 8);
  reply.writeBigUInt64LE(node, 0);
  reply.writeBigUInt64LE(1n, 8);
  reply.writeUInt32LE(name.length, 16);
  reply.writeUInt32LE(8, 20);
  reply.write(name, 24, "latin1");
  return reply;
}
