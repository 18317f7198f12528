import { makeTestIdentity } from "@sallyport/testing";
import { randomFillSync } from "node:crypto";
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How much is moved. */
export interface Sizes {
  /** By one stream. */
  readonly bulkBytes: number;
  /** By each of four streams. */
  readonly streamBytes: number;
  readonly smallFiles: number;
  readonly smallBytes: number;
  readonly someEntries: number;
  readonly manyEntries: number;
}

/** The files that all contenders serve, and what they need to start; removed when it is disposed. */
export interface Ground extends Disposable {
  /** Everything is below it. */
  readonly directory: string;
  /** The served folder: big, stream, small/NNNNN, some/, many/, up/. */
  readonly home: string;
  /** ca.pem, cert.pem, key.pem, both.pem. */
  readonly certificates: string;
  /** What keeps the files, as in tmpfs. */
  readonly fileSystem: string;
  readonly sizes: Sizes;
}

/** A folder below `parent`, or below /dev/shm where there is one, so that no disk takes part. */
export function makeGround(sizes: Sizes, parent: string = fastFolder()): Ground {
  const directory = mkdtempSync(join(parent, "sallyport-bench-"));
  const ground = { directory, home: join(directory, "home"), certificates: join(directory, "certificates"), sizes };
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    chmodSync(directory, 0o755);
    writeCertificates(ground.certificates);
    writeFiles(ground.home, sizes);
  } catch (error) {
    remove();
    throw error;
  }
  return { ...ground, fileSystem: fileSystemOf(directory), [Symbol.dispose]: remove };
}

/** For uploads alone, in the folder of temporary files, which should be on a disk. */
export function makeDiskGround(sizes: Sizes): Ground {
  const nothing = { bulkBytes: 0, streamBytes: 0, smallFiles: 0, someEntries: 0, manyEntries: 0 };
  return { ...makeGround({ ...sizes, ...nothing }, tmpdir()), sizes };
}

/** Makes an empty folder for uploads that every user may write to, and returns its path for clients. */
export function makeUploads(ground: Ground, name: string): string {
  const path = join(ground.home, "up", name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  return `up/${name}/`;
}

/** Removes what the last run uploaded, so that each finds the folder empty. */
export function emptyUploads(ground: Ground, uploads: string): void {
  const path = join(ground.home, uploads);
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
}

function fastFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

const fileSystemNames: Readonly<Record<number, string>> = {
  0x0102_1994: "tmpfs",
  0xef53: "ext4",
  0x9123_683e: "btrfs",
  0x5846_5342: "xfs",
  0x794c_7630: "overlayfs",
};

function fileSystemOf(path: string): string {
  const { type } = statfsSync(path);
  return fileSystemNames[type] ?? `file system 0x${type.toString(16)}`;
}

/** An ECDSA certificate, the same for all. */
function writeCertificates(directory: string): void {
  const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1", "127.0.0.2"] });
  mkdirSync(directory);
  const files = { "cert.pem": identity.certificate, "key.pem": identity.key, "ca.pem": identity.ca };
  for (const [name, pem] of Object.entries(files)) writeFileSync(join(directory, name), pem);
  writeFileSync(join(directory, "both.pem"), `${identity.certificate}\n${identity.key}`);
}

function writeFiles(home: string, sizes: Sizes): void {
  for (const folder of ["small", "some", "many", "up"]) mkdirSync(join(home, folder), { recursive: true });
  chmodSync(join(home, "up"), 0o777);
  writeRandom(join(home, "big"), sizes.bulkBytes);
  writeRandom(join(home, "stream"), sizes.streamBytes);
  for (let n = 0; n < sizes.smallFiles; n++) writeRandom(join(home, "small", numbered("", n)), sizes.smallBytes);
  for (const [folder, entries] of [["some", sizes.someEntries] as const, ["many", sizes.manyEntries] as const]) {
    for (let n = 0; n < entries; n++) writeFileSync(join(home, folder, `entry-${numbered("0", n)}.dat`), "");
  }
}

function numbered(prefix: string, n: number): string {
  return prefix + String(n).padStart(5, "0");
}

function writeRandom(path: string, bytes: number): void {
  const piece = randomFillSync(Buffer.alloc(Math.min(bytes, 1_048_576)));
  const file = openSync(path, "w");
  try {
    for (let left = bytes; left > 0;) left -= writeSync(file, piece, 0, Math.min(left, piece.length));
  } finally {
    closeSync(file);
  }
}
