import { UsageError, limits } from "@sallyport/protocol";
import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { LocalWriter } from "../transfer/local-writer.ts";
import { errorCode, lockFile } from "../store/file-lock.ts";
import { replaceFile } from "../store/json-file.ts";
import type { FileFacts } from "./action.ts";
import {
  type JournalFile,
  type JournalLine,
  formatJournalLine,
  isSameFile,
  journalFile,
  parseJournalLine,
} from "./journal-lines.ts";
import type { TreeEntry } from "./tree.ts";

/** A transfer that was begun and not finished. */
export interface BegunTransfer {
  /** The temporary name in the directory of the file. */
  readonly part: string;
}

/** The key of a journal: the same trees and the same options that matter, and no secret among them. */
export function journalKey(parts: Readonly<Record<string, string | number | boolean | readonly string[]>>): string {
  const ordered = Object.entries(parts).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(ordered)).digest("hex");
}

/**
 * The journal of carrying out a plan: which files are done, which are on their way and under what temporary name. It
 * is a file of JSON lines that only grows, so that a process killed at any moment leaves all but its last line; after
 * a power failure the last second (`journalSyncMs`) may be missing. Whoever starts again with the same key continues
 * exactly: plans with `isFinished`, and goes on with the parts that `begunTransfer` names.
 *
 * Methods may be called at the same time; lines are written in the order of the calls. After an error of the file
 * system, which rejects the call, the journal may be used on, without the line.
 */
export class SyncJournal implements AsyncDisposable {
  /** Whether this continues an execution that was not finished. */
  readonly resumed: boolean;
  readonly #path: string;
  readonly #key: string;
  readonly #lock: AsyncDisposable;
  readonly #done: Map<string, JournalFile>;
  readonly #begun: Map<string, { readonly file: JournalFile; readonly part: string }>;
  #file: FileHandle;
  #writer: LocalWriter;
  /** Where the last whole line ends. */
  #end: number;
  #linesCount: number;
  #syncedMs = performance.now();
  #queue: Promise<void> = Promise.resolve();

  /**
   * Opens a journal, and begins it anew where it is of another key or says nothing that can be read.
   *
   * @throws {UsageError} SALLYPORT_JOURNAL_BUSY when another process works with it, SALLYPORT_JOURNAL_TOO_LARGE.
   */
  static async open(path: string, key: string): Promise<SyncJournal> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const lock = await lockFile(path, { waitMs: 0 });
    if (lock === undefined) {
      const message = `Another process carries out this plan; if none does, remove ${path}.lock.`;
      throw new UsageError("SALLYPORT_JOURNAL_BUSY", message);
    }
    try {
      return await openLocked(path, key, lock);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Only {@link SyncJournal.open} makes one. */
  constructor(opened: OpenedJournal) {
    this.#path = opened.path;
    this.#key = opened.key;
    this.#lock = opened.lock;
    this.#file = opened.file;
    this.#writer = opened.writer;
    this.#end = opened.end;
    this.#done = opened.content.done;
    this.#begun = opened.content.begun;
    this.#linesCount = opened.content.linesCount;
    this.resumed = this.#done.size + this.#begun.size > 0;
  }

  /** Files that are done. */
  get doneCount(): number {
    return this.#done.size;
  }

  /** Whether a file was transferred whole and neither side has changed since, as far as sizes tell. */
  isFinished(source: TreeEntry, target: TreeEntry): boolean {
    const done = this.#done.get(source.path);
    if (done === undefined || !isSameFile(done, journalFile(source))) return false;
    const isWhole =
      done.sizeBytes === undefined || target.sizeBytes === undefined || BigInt(target.sizeBytes) === done.sizeBytes;
    return target.kind === "file" && isWhole;
  }

  /** The part that an interrupted transfer of this very file has left; undefined where its source has changed. */
  begunTransfer(path: string, file: FileFacts): BegunTransfer | undefined {
    const begun = this.#begun.get(path);
    return begun !== undefined && isSameFile(begun.file, journalFile(file)) ? { part: begun.part } : undefined;
  }

  /** All parts that may lie about, with the path of their file. */
  parts(): ReadonlyArray<readonly [path: string, part: string]> {
    return Array.from(this.#begun, ([path, { part }]) => [path, part]);
  }

  /** To be called before the first octet is written to `part`. */
  begin(path: string, facts: FileFacts, part: string): Promise<void> {
    const file = journalFile(facts);
    this.#done.delete(path);
    this.#begun.set(path, { file, part });
    return this.#append({ kind: "begun", path, file, part });
  }

  /** To be called when the file has its final name and all octets. */
  done(path: string, facts: FileFacts): Promise<void> {
    const file = journalFile(facts);
    this.#begun.delete(path);
    this.#done.set(path, file);
    return this.#append({ kind: "done", path, file });
  }

  /** Forgets a path, because its part was thrown away or the file deleted. */
  forget(path: string): Promise<void> {
    const wasKnown = this.#begun.delete(path) || this.#done.has(path);
    this.#done.delete(path);
    return wasKnown ? this.#append({ kind: "undone", path }) : Promise.resolve();
  }

  /** Forces what was written to the disk; to be called before something is deleted for what the journal says. */
  sync(): Promise<void> {
    return this.#enqueue(() => this.#syncNow());
  }

  /** Removes the journal: the plan was carried out to its end. */
  async finish(): Promise<void> {
    await this.#enqueue(() => rm(this.#path, { force: true }));
    await this.#close();
  }

  /** Leaves the journal for another time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#enqueue(() => this.#syncNow()).catch(() => {});
    await this.#close();
  }

  #isOpen = true;

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
    await this.#lock[Symbol.asyncDispose]();
  }

  #append(line: JournalLine): Promise<void> {
    return this.#enqueue(async () => {
      await this.#write(Buffer.from(formatJournalLine(line)));
      this.#linesCount++;
      if (performance.now() - this.#syncedMs > limits.journalSyncMs.value) await this.#syncNow();
      const deadCount = this.#linesCount - this.#done.size - this.#begun.size;
      if (deadCount > limits.journalDeadCount.value) await this.#compact();
    });
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    if (!this.#isOpen) return Promise.reject(new UsageError("SALLYPORT_JOURNAL_CLOSED", "The journal was closed."));
    const result = this.#queue.then(step);
    this.#queue = result.catch(() => {});
    return result;
  }

  /** Half a line, of a full disk, is overwritten by the next one. */
  async #write(bytes: Buffer): Promise<void> {
    await this.#writer.write(bytes, this.#end);
    this.#end += bytes.length;
  }

  async #syncNow(): Promise<void> {
    await this.#file.datasync();
    this.#syncedMs = performance.now();
  }

  async #compact(): Promise<void> {
    await rewrite(this.#path, this.#key, { done: this.#done, begun: this.#begun });
    await this.#file.close();
    this.#file = await open(this.#path, "r+");
    this.#writer = await LocalWriter.of(this.#file.fd, this.#path);
    this.#end = (await this.#file.stat()).size;
    this.#linesCount = this.#done.size + this.#begun.size;
  }
}

interface JournalContent {
  readonly done: Map<string, JournalFile>;
  readonly begun: Map<string, { readonly file: JournalFile; readonly part: string }>;
}

interface OpenedJournal {
  readonly path: string;
  readonly key: string;
  readonly lock: AsyncDisposable;
  readonly file: FileHandle;
  readonly writer: LocalWriter;
  readonly end: number;
  readonly content: JournalContent & { readonly linesCount: number };
}

async function openLocked(path: string, key: string, lock: AsyncDisposable): Promise<SyncJournal> {
  const read = await readJournal(path);
  const isOurs = read?.key === key;
  const content = isOurs ? read : { done: new Map(), begun: new Map(), linesCount: 0 };
  const deadCount = content.linesCount - content.done.size - content.begun.size;
  if (!isOurs || deadCount > limits.journalDeadCount.value) await rewrite(path, key, content);
  const file = await open(path, "r+");
  // What is behind the last whole line is torn.
  if (isOurs && deadCount <= limits.journalDeadCount.value) await file.truncate(read.end);
  const writer = await LocalWriter.of(file.fd, path);
  return new SyncJournal({ path, key, lock, file, writer, end: (await file.stat()).size, content });
}

/** Writes the journal anew, without what later lines have overtaken. */
async function rewrite(path: string, key: string, { done, begun }: JournalContent): Promise<void> {
  const lines: JournalLine[] = [{ kind: "header", key }];
  for (const [file, facts] of done) lines.push({ kind: "done", path: file, file: facts });
  for (const [file, facts] of begun) lines.push({ kind: "begun", path: file, ...facts });
  await replaceFile(path, lines.map(formatJournalLine).join(""));
}

interface ReadJournal extends JournalContent {
  readonly key: string;
  readonly linesCount: number;
  /** Octets up to the end of the last line that could be read. */
  readonly end: number;
}

/** Reads up to the first line that is torn; undefined where there is no journal, or not even its first line. */
async function readJournal(path: string): Promise<ReadJournal | undefined> {
  const text = await readBytes(path);
  const headerEnd = text?.indexOf("\n") ?? -1;
  if (text === undefined || headerEnd < 0) return undefined;
  const header = parseJournalLine(text.toString("utf8", 0, headerEnd));
  if (header?.kind !== "header") return undefined;
  const content = {
    done: new Map<string, JournalFile>(),
    begun: new Map<string, { file: JournalFile; part: string }>(),
  };
  let [end, linesCount] = [headerEnd + 1, 0];
  for (let next = text.indexOf("\n", end); next >= 0; next = text.indexOf("\n", end)) {
    const line = parseJournalLine(text.toString("utf8", end, next));
    if (line === undefined || line.kind === "header") break;
    content.done.delete(line.path);
    content.begun.delete(line.path);
    if (line.kind === "done") content.done.set(line.path, line.file);
    if (line.kind === "begun") content.begun.set(line.path, { file: line.file, part: line.part });
    end = next + 1;
    linesCount++;
  }
  return { key: header.key, ...content, linesCount, end };
}

async function readBytes(path: string): Promise<Buffer | undefined> {
  await using file = await open(path, "r").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const { size } = await file.stat();
  if (size > limits.journalBytes.value) {
    throw new UsageError("SALLYPORT_JOURNAL_TOO_LARGE", `The journal ${path} is too large; remove it to begin anew.`);
  }
  return await file.readFile();
}
