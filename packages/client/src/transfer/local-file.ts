import { IntegrityError, limits } from "@sallyport/protocol";
import type { ByteSink, ByteSource } from "@sallyport/transport";
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileSystemPath } from "../names/local-name.ts";
import { LocalReader } from "./local-reader.ts";
import { LocalWriter } from "./local-writer.ts";
import { type PartOrigin, partPaths, readNote, removeNote, writeNote } from "./part-note.ts";
import { addRange, type ByteRange, clipRanges } from "./ranges.ts";

/** A local file open for reading, as the data connection takes it. */
export function sourceOf(handle: FileHandle, sizeBytes: number): ByteSource {
  const reader = new LocalReader(handle.fd);
  return {
    sizeBytes,
    descriptor: handle.fd,
    read: (buffer, position) => reader.read(buffer, position),
  };
}

/**
 * A local file in the making: written under a name of its own in the same folder, and given its name when it is whole,
 * so that no half file ever stands in place of a whole one. It knows which octets it has. One that is kept stays when it
 * is not published, with a note of what it is a part of, and a later download goes on with it.
 */
export class StagedFile implements AsyncDisposable, ByteSink {
  readonly temporaryPath: string;
  /** Takes part in every write; for digests that are computed on the way. */
  onWrite: ((buffer: Uint8Array, position: number) => void) | undefined;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #writer: LocalWriter;
  readonly #kept: KeptPart | undefined;
  #have: readonly ByteRange[];
  #notedAtMs = performance.now();
  #noting: Promise<void> = Promise.resolve();
  #open = true;
  #published = false;

  /** A new file that goes when it is not published. */
  static async create(path: string): Promise<StagedFile> {
    const temporaryPath = join(dirname(path), partName(basename(path)));
    return StagedFile.#over(path, temporaryPath, await open(fileSystemPath(temporaryPath), "wx+", 0o666));
  }

  /** The kept part of that version of the file, or a new one in place of whatever is there. */
  static async keep(path: string, origin: PartOrigin): Promise<StagedFile> {
    const { part, note } = partPaths(path, origin);
    const noted = await readNote(note, origin);
    const kept = { origin, note };
    if (noted !== undefined) {
      const handle = await open(fileSystemPath(part), constants.O_RDWR | noFollow).catch(() => undefined);
      // After a power failure the note may know of more than the disk has.
      if (handle) return StagedFile.#over(path, part, handle, kept, clipRanges(noted, (await handle.stat()).size));
    }
    await rm(fileSystemPath(part), { force: true });
    return StagedFile.#over(path, part, await open(fileSystemPath(part), "wx+", 0o666), kept);
  }

  static async #over(
    path: string,
    temporaryPath: string,
    handle: FileHandle,
    kept?: KeptPart,
    have: readonly ByteRange[] = [],
  ): Promise<StagedFile> {
    const writer = await LocalWriter.of(handle.fd, fileSystemPath(temporaryPath));
    return new StagedFile(path, temporaryPath, handle, writer, kept, have);
  }

  private constructor(
    path: string,
    temporaryPath: string,
    handle: FileHandle,
    writer: LocalWriter,
    kept: KeptPart | undefined,
    have: readonly ByteRange[],
  ) {
    this.#path = path;
    this.temporaryPath = temporaryPath;
    this.#handle = handle;
    this.#writer = writer;
    this.#kept = kept;
    this.#have = have;
  }

  get have(): readonly ByteRange[] {
    return this.#have;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    this.onWrite?.(buffer, position);
    return this.#writer.write(buffer, position, (end) => {
      if (end === position + buffer.length) this.#wrote([position, end]);
    });
  }

  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.#handle.read(buffer, 0, length, position);
    return buffer.subarray(0, bytesRead);
  }

  /** Forgets all octets. */
  async restart(): Promise<void> {
    this.#have = [];
    await this.#handle.truncate(0);
    this.#note();
    await this.#noting;
  }

  /** Takes over the beginning of a file that somebody else has left there. */
  async adopt(path: string): Promise<void> {
    await using source = await open(fileSystemPath(path), "r");
    const buffer = Buffer.allocUnsafe(copyBytes);
    for (let position = 0; ;) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      await this.write(buffer.subarray(0, bytesRead), position);
      position += bytesRead;
    }
  }

  /** Gives the file its name, `path` where it is to be another, and the time of change where there is one to keep. */
  async publish({ modified, path }: PublishOptions = {}): Promise<void> {
    const temporaryPath = fileSystemPath(this.temporaryPath);
    if (this.#kept && (await stat(temporaryPath)).ino !== (await this.#handle.stat()).ino) {
      // Another download of the same file began anew meanwhile, and its part is not whole.
      throw new IntegrityError("SALLYPORT_PART_TAKEN", "Another download has replaced the part of the file");
    }
    await this.#close();
    if (modified !== undefined) await utimes(temporaryPath, modified, modified);
    await rename(temporaryPath, fileSystemPath(path ?? this.#path));
    this.#published = true;
    if (this.#kept) await removeNote(this.#kept.note);
  }

  /** Removes the file, also one that is kept. */
  async discard(): Promise<void> {
    await this.#close().catch(() => {});
    await rm(fileSystemPath(this.temporaryPath), { force: true }).catch(() => {});
    if (this.#kept) await removeNote(this.#kept.note);
    this.#published = true;
  }

  /** Removes what was not published and is not kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#published) return;
    if (this.#kept === undefined || this.#have.length === 0) return this.discard();
    this.#note();
    await this.#close().catch(() => {});
  }

  #wrote(range: ByteRange): void {
    this.#have = addRange(this.#have, range);
    if (this.#kept && performance.now() - this.#notedAtMs > limits.partRecordMs.value) this.#note();
  }

  /** Writes down what is there; one note after the other. */
  #note(): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#notedAtMs = performance.now();
    const ranges = this.#have;
    // A part without a note is fetched anew, which is no harm.
    this.#noting = this.#noting.then(() => writeNote(kept.note, kept.origin, ranges)).catch(() => {});
  }

  async #close(): Promise<void> {
    await this.#noting;
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

interface KeptPart {
  readonly origin: PartOrigin;
  readonly note: string;
}

export interface PublishOptions {
  readonly modified?: Date | undefined;
  readonly path?: string | undefined;
}

/** Not through a link that somebody has put there. */
const noFollow = constants.O_NOFOLLOW ?? 0;

const copyBytes = 1_048_576;

/** A name for a file in the making; cut where the whole could be longer than the 255 octets of most file systems. */
function partName(name: string): string {
  return `.${name.slice(0, 60)}${partSuffix()}`;
}

/** Sets a file in the making apart from every other; `mark` is eight hex digits by which it is found again. */
export function partSuffix(mark = randomBytes(4).toString("hex")): string {
  return `.sallyport-part-${mark}`;
}
