import type { ByteSource } from "@sallyport/transport";
import { constants } from "node:fs";
import type { FileFacts } from "./action.ts";
import { isOnQuickFileSystem, type LocalCalls, localCallsFor } from "../transfer/local-calls.ts";
import { LocalReader } from "../transfer/local-reader.ts";

/** A local file that is read from, by calls that suit its file system. */
export class LocalSource implements AsyncDisposable {
  readonly #calls: LocalCalls;
  readonly #descriptor: number;
  readonly #isQuick: boolean;

  static async open(path: string | Buffer): Promise<LocalSource> {
    const calls = await localCallsFor(path);
    const isQuick = await isOnQuickFileSystem(path);
    return new LocalSource(calls, await calls.open(path, constants.O_RDONLY, 0), isQuick);
  }

  private constructor(calls: LocalCalls, descriptor: number, isQuick: boolean) {
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.#isQuick = isQuick;
  }

  /** Size and time of change as they are now. */
  async facts(): Promise<FileFacts> {
    const { size, mtimeMs } = await this.#calls.exactFstat(this.#descriptor);
    const sizeBytes = size <= Number.MAX_SAFE_INTEGER ? Number(size) : size;
    return { sizeBytes, modified: { instantMs: Number(mtimeMs), precisionMs: 1 } };
  }

  /** Octets that are there, fewer at the end. */
  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, await this.#calls.read(this.#descriptor, buffer, position));
  }

  /** As the data connection takes it. */
  bytes(sizeBytes: number): ByteSource {
    const reader = new LocalReader(this.#descriptor, this.#isQuick);
    return {
      sizeBytes,
      descriptor: this.#descriptor,
      read: (buffer, position) => reader.read(buffer, position),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls.close(this.#descriptor);
  }
}
