import type { ByteSink, ByteSource } from "@sallyport/transport";
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileSystemPath } from "../names/local-name.ts";

/** A local file open for reading, as the data connection takes it. */
export function sourceOf(handle: FileHandle, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    descriptor: handle.fd,
    read: async (buffer, position) => (await handle.read(buffer, 0, buffer.length, position)).bytesRead,
  };
}

/**
 * A local file in the making: written under a name of its own in the same folder, and given its name when it is whole,
 * so that no half file ever stands in place of a whole one.
 */
export class StagedFile implements AsyncDisposable, ByteSink {
  readonly temporaryPath: string;
  readonly #path: string;
  readonly #handle: FileHandle;
  #open = true;
  #published = false;

  static async create(path: string): Promise<StagedFile> {
    const temporaryPath = join(dirname(path), partName(basename(path)));
    return new StagedFile(path, temporaryPath, await open(fileSystemPath(temporaryPath), "wx", 0o666));
  }

  private constructor(path: string, temporaryPath: string, handle: FileHandle) {
    this.#path = path;
    this.temporaryPath = temporaryPath;
    this.#handle = handle;
  }

  async write(buffer: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < buffer.length;) {
      at += (await this.#handle.write(buffer, at, buffer.length - at, position + at)).bytesWritten;
    }
  }

  /** Gives the file its name, and the time of change where there is one to keep. */
  async publish({ modified }: { readonly modified?: Date | undefined } = {}): Promise<void> {
    await this.#close();
    const temporaryPath = fileSystemPath(this.temporaryPath);
    if (modified !== undefined) await utimes(temporaryPath, modified, modified);
    await rename(temporaryPath, fileSystemPath(this.#path));
    this.#published = true;
  }

  /** Removes what was not published. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close().catch(() => {});
    if (!this.#published) await rm(fileSystemPath(this.temporaryPath), { force: true }).catch(() => {});
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#handle.close();
  }
}

/** A name for a file in the making; cut where the whole could be longer than the 255 octets of most file systems. */
function partName(name: string): string {
  return `.${name.slice(0, 60)}${partSuffix()}`;
}

/** Sets a file in the making apart from every other. */
export function partSuffix(): string {
  return `.sallyport-part-${randomBytes(4).toString("hex")}`;
}
