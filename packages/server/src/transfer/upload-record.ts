import type { VirtualPath } from "@sallyport/protocol";
import { type Entry, StorageError, type WritableFile, type WriteIntent } from "@sallyport/server/storage";
import { randomUUIDv7 } from "node:crypto";
import { type CommandContext, loginOf } from "../command-handler.ts";
import type { PublishedFacts } from "../observer.ts";
import { DigestingSink, type UploadSink } from "./upload-digest.ts";

/** What is found out about one upload for an observer that asked for digests. */
export class UploadRecord {
  readonly #context: CommandContext;
  readonly #path: VirtualPath;
  readonly #replaced: boolean | undefined;
  #digesting: DigestingSink | undefined;
  #entry: Entry | undefined;

  private constructor(context: CommandContext, path: VirtualPath, replaced: boolean | undefined) {
    this.#context = context;
    this.#path = path;
    this.#replaced = replaced;
  }

  /** Looks whether a file lies under the name, before the upload is opened. */
  static async begin(context: CommandContext, path: VirtualPath, intent: WriteIntent): Promise<UploadRecord> {
    return new UploadRecord(context, path, intent.kind === "create" ? false : await isPublished(context, path));
  }

  /** Where the octets go: past the digest, if all of them will. */
  sink(file: WritableFile, intent: WriteIntent): UploadSink {
    if (file.startPosition > 0 || intent.kind === "range") return file;
    this.#digesting = new DigestingSink(file);
    return this.#digesting;
  }

  notePublished(entry: Entry): void {
    this.#entry = entry;
  }

  /** The facts for the event; where the digest is not among them, it is computed from the file and told by another. */
  facts(): PublishedFacts | undefined {
    if (this.#entry === undefined) return undefined;
    const { sizeBytes } = this.#entry;
    const id = randomUUIDv7();
    const sha256 = this.#digesting?.digestOf(sizeBytes);
    if (sha256 === undefined) void this.#digestAfterwards(id, this.#entry);
    return {
      id,
      sizeBytes,
      ...(this.#replaced === undefined ? {} : { replaced: this.#replaced }),
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  }

  async #digestAfterwards(id: string, entry: Entry): Promise<void> {
    const { environment, emit } = this.#context;
    const { account, files } = loginOf(this.#context);
    const path = this.#path;
    const outcome = await environment.uploadDigests.read(files, path, entry).then(
      (sha256) => ({ sha256 }),
      (error: unknown) => ({ cause: error instanceof Error ? error.message : String(error) }),
    );
    emit({ kind: "upload-digested", account: account.name, id, path, ...outcome });
  }
}

/** Undefined where the storage does not tell. */
async function isPublished(context: CommandContext, path: VirtualPath): Promise<boolean | undefined> {
  try {
    const { incomplete } = await loginOf(context).files.stat(path, { followLinks: true });
    return incomplete !== true;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return error.kind === "not-found" ? false : undefined;
  }
}
