import type { LimitValues, VirtualPath } from "@sallyport/protocol";
import { type Entry, type Storage, StorageError, type WritableFile } from "@sallyport/server/storage";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { digestRange } from "../digest/digest-range.ts";
import { Turnstile } from "../digest/turnstile.ts";

/** Where the octets of an upload go. */
export type UploadSink = Pick<WritableFile, "write" | "startPosition">;

/** Passes on what an upload stores and computes its SHA-256 on the way, without keeping or copying an octet. */
export class DigestingSink implements UploadSink {
  readonly startPosition: number;
  readonly #inner: UploadSink;
  readonly #hash = createHash("sha256");
  #position: number;

  constructor(inner: UploadSink) {
    this.#inner = inner;
    this.startPosition = inner.startPosition;
    this.#position = inner.startPosition;
  }

  write(buffer: Uint8Array, position: number): undefined | Promise<void> {
    // A write that a thread does runs while this one computes.
    const writing = this.#inner.write(buffer, position);
    if (position === this.#position) {
      this.#hash.update(buffer);
      this.#position += buffer.length;
    } else this.#position = Number.NaN;
    return writing;
  }

  /** The digest in lower-case hex, or undefined where not every octet of the file went by in order; asked once. */
  digestOf(sizeBytes: number): string | undefined {
    return this.startPosition === 0 && this.#position === sizeBytes ? this.#hash.digest("hex") : undefined;
  }
}

/** Nobody waits for these digests, and transfers have three quarters of the time that they take. */
function restAfter(blockMs: number): Promise<void> {
  return sleep(3 * blockMs);
}

/** Reads published files whose uploads did not show every octet: one at a time, after the peer has its reply. */
export class UploadDigests implements Disposable {
  readonly #turns: Turnstile;
  readonly #closing = new AbortController();

  constructor({ uploadDigestQueueCount }: Pick<LimitValues, "uploadDigestQueueCount">) {
    this.#turns = new Turnstile(1, uploadDigestQueueCount);
  }

  /**
   * Computes the SHA-256 of a file, as long as it is still the one that was published. Rejects with the reason where it
   * is not, where too many wait, and when the server closes.
   */
  async read(storage: Storage, path: VirtualPath, published: Entry): Promise<string> {
    const { signal } = this.#closing;
    const turn = await this.#turns.enter(signal);
    if (turn === undefined) throw new Error("too many digests wait");
    try {
      const file = await storage.openRead(path);
      try {
        const now = await storage.stat(path, { followLinks: true });
        if (now.identity !== published.identity || file.sizeBytes !== published.sizeBytes) {
          throw new StorageError("failed", "the file was replaced meanwhile");
        }
        return await digestRange(file, "SHA-256", 0, published.sizeBytes, signal, restAfter);
      } finally {
        await file.close();
      }
    } finally {
      turn.leave();
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error("the server is closing"));
  }
}
