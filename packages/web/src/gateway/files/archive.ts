import type { Client } from "@sallyport/client";
import { isSallyportError } from "@sallyport/protocol";
import { once } from "node:events";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { bounds } from "../bounds.ts";
import { GatewayRefusal, problemOf } from "../problem.ts";
import { pathIn, walkTree } from "./tree-walk.ts";

export interface PackOptions {
  readonly directory: string;
  readonly names: readonly string[];
  /** Before the first octet goes out: until then a refusal can be the answer. */
  readonly onBegin: () => void;
  readonly onMoved: (bytes: number) => void;
}

interface PackedFile {
  readonly path: string;
  /** Its name in the archive. */
  readonly name: string;
  readonly modified: Date | undefined;
  readonly mode: number | undefined;
  readonly isDirectory: boolean;
}

/**
 * Packs entries of a directory into a ZIP file, folders with everything in them, one file after the other and as fast as
 * `out` takes it. Nothing is compressed, so that a small archive stays small; how many files and octets it may have is
 * bounded. What the server refuses is left out, and a text at the end says so.
 */
export async function packInto(out: Writable, client: Client, options: PackOptions): Promise<void> {
  const { onBegin, onMoved } = options;
  const over = new AbortController();
  const leftOut = new LeftOut();
  const zip = new ZipFile();
  // It tells of a file that breaks off, also where nobody waits for that file any more.
  zip.on("error", (error: Error) => (zip.outputStream as Readable).destroy(error));
  let bytes = 0;
  const count = (chunk: Uint8Array): void => {
    bytes += chunk.length;
    if (bytes > bounds.archiveBytes) throw tooLarge();
    onMoved(bytes);
  };
  const files = filesOf(client, options, { signal: over.signal, leftOut });
  // What cannot be listed at all is a refusal, not an archive.
  const first = await files.next();
  onBegin();
  const packing = pack(zip, first, files, { client, count, leftOut, signal: over.signal });
  try {
    await Promise.all([pipeline(zip.outputStream as Readable, out), packing]);
  } catch (error) {
    over.abort();
    (zip.outputStream as Readable).destroy();
    await packing.catch(() => {});
    throw error;
  } finally {
    await files.return(undefined);
  }
}

interface Packing {
  readonly client: Client;
  readonly count: (chunk: Uint8Array) => void;
  readonly leftOut: LeftOut;
  readonly signal: AbortSignal;
}

/** What an archive lacks, as far as it is told. */
class LeftOut {
  readonly #lines: string[] = [];
  #count = 0;

  add(path: string, why: string): void {
    if (this.#count++ < bounds.archiveLeftOut) this.#lines.push(`${path}: ${why}`);
  }

  /** Undefined where nothing lacks. */
  get text(): string | undefined {
    const untold = this.#count - this.#lines.length;
    const lines = untold === 0 ? this.#lines : [...this.#lines, `and ${untold} more`];
    return lines.length === 0 ? undefined : `${lines.join("\n")}\n`;
  }
}

async function pack(
  zip: ZipFile,
  first: IteratorResult<PackedFile>,
  files: AsyncGenerator<PackedFile>,
  { client, count, leftOut, signal }: Packing,
): Promise<void> {
  for (let next = first; !next.done; next = await files.next()) {
    const { path, name, modified, mode, isDirectory } = next.value;
    const mtime = modified ?? new Date();
    if (isDirectory) {
      zip.addEmptyDirectory(name, { mtime });
      continue;
    }
    const source = await client.read(path, { signal }).catch((error: unknown) => {
      if (signal.aborted || !isSallyportError(error)) throw error;
      leftOut.add(path, problemOf(error).message);
    });
    if (source === undefined) continue;
    const stream = Readable.from(counted(source, count), { objectMode: false });
    // The archive takes one file at a time: the next one is asked for when this one has gone out.
    const ended = once(stream, "close", { signal });
    // Also behind an abort, when nobody else listens to it any more.
    stream.on("error", (error) => zip.emit("error", error));
    const permissions = mode === undefined ? 0o644 : mode & 0o777;
    zip.addReadStream(stream, name, { mtime, mode: 0o100000 | permissions, compress: false });
    await ended;
    if (stream.errored) throw stream.errored;
  }
  if (leftOut.text !== undefined) zip.addBuffer(Buffer.from(leftOut.text), "NOT INCLUDED.txt");
  zip.end();
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  count: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    count(chunk);
    // The reader's buffer is its own again with the next chunk.
    yield Buffer.from(chunk);
  }
}

async function* filesOf(
  client: Client,
  { directory, names }: PackOptions,
  { signal, leftOut }: { readonly signal: AbortSignal; readonly leftOut: LeftOut },
): AsyncGenerator<PackedFile> {
  const taken = new Map<string, number>();
  const onUnread = (path: string, error: unknown): void => leftOut.add(path, problemOf(error).message);
  let [entries, nameBytes] = [0, 0];
  const count = (name: string): void => {
    nameBytes += name.length;
    if (++entries > bounds.archiveEntries || nameBytes > bounds.archiveNameBytes) throw tooLarge();
  };
  for (const chosen of names) {
    const path = pathIn(directory, chosen);
    const { type, modified, mode } = await client.stat(path, { signal });
    const root = free(safeName(chosen), taken);
    count(root);
    if (type !== "directory") {
      yield { path, name: root, modified: modified?.instant, mode, isDirectory: false };
      continue;
    }
    yield { path, name: `${root}/`, modified: modified?.instant, mode, isDirectory: true };
    for await (const { entry, directory: parent, below } of walkTree(client, path, { signal, onUnread })) {
      const isDirectory = entry.type === "directory";
      if (!isDirectory && entry.type !== "file" && entry.type !== "unknown") {
        count("");
        leftOut.add(pathIn(parent, entry.name), entry.type);
        continue;
      }
      const name = free([root, ...below, entry.name].map((each) => safeName(each)).join("/"), taken);
      count(name);
      const facts = { modified: entry.modified?.instant, mode: entry.mode, isDirectory };
      yield { path: pathIn(parent, entry.name), name: isDirectory ? `${name}/` : name, ...facts };
    }
  }
}

/** A name that no program takes for a path, a drive or a device. */
export function safeName(name: string): string {
  const plain = name
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, "_")
    .replace(/[. ]+$/, "_");
  return plain === "" || /^\.+$/.test(plain) ? "_" : plain;
}

/** Names that became the same are told apart; `taken` holds how often each was given. */
function free(name: string, taken: Map<string, number>): string {
  const key = name.toLowerCase();
  const count = (taken.get(key) ?? 0) + 1;
  taken.set(key, count);
  return count === 1 ? name : free(`${name} (${count})`, taken);
}

function tooLarge(): GatewayRefusal {
  return new GatewayRefusal(413, "SALLYPORT_ARCHIVE_TOO_LARGE", "That is more than one archive may have");
}
