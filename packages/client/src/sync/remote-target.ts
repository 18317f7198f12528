import { CommandRefused, type Octets, SallyportError, UsageError } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { Mover } from "../connection/data-task.ts";
import { makeDirectory, setTimes } from "../operations/change.ts";
import { directoryCommand } from "../operations/directory-command.ts";
import { isAboutPath, refusalOf, unlessRefused } from "../operations/refusal.ts";
import { exists, sizeOf } from "../operations/stat.ts";
import { LocalSource } from "./local-source.ts";
import { type OnProgress, ProgressMeter } from "../transfer/progress.ts";
import { endUpload } from "../transfer/publishing.ts";
import { renameOver } from "../transfer/store.ts";
import type { FileFacts } from "./action.ts";
import { relateTimes } from "./compare.ts";
import { hashesAlike } from "./hash-both.ts";
import type { TargetParts } from "./local-target.ts";
import { beginPart } from "./part-record.ts";
import { askedAgain, copyUnchanged, demandUnchanged, SourceChanged } from "./source-changed.ts";
import { besideOf, type PutOutcome, type SyncTarget } from "./target.ts";
import type { EntryTime, TreeEntry } from "./tree.ts";
import { demandAlike } from "./verify-part.ts";

/** A directory of the server to which local files come. */
export class RemoteTarget implements SyncTarget {
  readonly #parts: TargetParts;

  constructor(parts: TargetParts) {
    this.#parts = parts;
  }

  async makeRoot(): Promise<void> {
    const { remote } = this.#parts;
    if (remote.root === "" || remote.root === "/" || remote.root === ".") return;
    await this.#makeDirectory(remote.root);
  }

  makeDirectory(path: string): Promise<void> {
    return this.#makeDirectory(this.#parts.remote.octetsOf(path));
  }

  async put(path: string, file: FileFacts, onProgress: OnProgress): Promise<PutOutcome> {
    const { remote } = this.#parts;
    await using source = await LocalSource.open(this.#parts.tree.pathOf(path));
    return await copyUnchanged(file, (facts) =>
      remote.use(async (connection) => {
        const found = await source.facts();
        try {
          return await this.#store(connection, { path, source, file: found, listed: facts }, onProgress);
        } catch (error) {
          // A file that became shorter looks like one that cannot be read.
          const now = await source.facts();
          demandUnchanged(found, now);
          throw error;
        }
      }),
    );
  }

  isSame(path: string): Promise<boolean | undefined> {
    return hashesAlike(this.#parts.remote, path, this.#parts.tree.pathOf(path));
  }

  async setTimes(path: string, { instantMs }: EntryTime): Promise<void> {
    const { remote } = this.#parts;
    const times = { modified: new Date(instantMs) };
    await remote.use((connection) => setTimes(connection, remote.octetsOf(path), times, { signal: remote.signal }));
  }

  makeLink(): Promise<void> {
    return Promise.reject(new UsageError("SALLYPORT_LINK_UNSUPPORTED", "FTP has no command that makes links"));
  }

  delete(path: string, kind: TreeEntry["kind"]): Promise<void> {
    const { remote } = this.#parts;
    const octets = remote.octetsOf(path);
    const { signal } = remote;
    return remote.use(async (connection) => {
      try {
        await (kind === "directory"
          ? directoryCommand(connection, "RMD", octets, { signal })
          : connection.command("DELE", octets, { signal }));
      } catch (error) {
        if (!isAboutPath(error) || (await exists(connection, octets, { signal }))) throw error;
      }
    });
  }

  async discardPart(path: string, part: string): Promise<void> {
    const { remote } = this.#parts;
    const octets = remote.octetsOf(besideOf(path, part));
    await remote.use((connection) => unlessRefused(connection.command("DELE", octets, { signal: remote.signal })));
  }

  /** Sends what the part lacks, and gives it the file's name when it is whole. */
  async #store(connection: ClientConnection, stored: Stored, onProgress: OnProgress): Promise<PutOutcome> {
    const { remote, record, preservesTimes } = this.#parts;
    const { path, file, source, listed } = stored;
    const { signal } = remote;
    const { part, isNew } = await beginPart(record, path, file, (stale) => this.#dele(connection, path, stale));
    const octets = remote.octetsOf(besideOf(path, part));
    const total = Number(file.sizeBytes);
    const partBytes = isNew ? 0 : await sizeOf(connection, octets, { signal });
    if (partBytes === undefined && (await this.#isPublished(connection, path, file))) {
      await record.done(path, file);
      return { bytes: 0, resumedFrom: total };
    }
    let resumedFrom = Number(partBytes ?? 0);
    if (resumedFrom > total) resumedFrom = 0;
    const meter = new ProgressMeter(path, onProgress, { total, resumedFrom });
    meter.enter("open");
    let moved = 0;
    const onMoved = (bytes: number): void => {
      moved = bytes;
      meter.moved(bytes);
    };
    try {
      const isWhole = resumedFrom === total && !isNew && total > 0;
      if (isWhole) await endUpload(connection, octets, total, { signal });
      const bytes = isWhole ? 0 : await this.#send(connection, octets, { source, total, resumedFrom, onMoved });
      demandUnchanged(file, await source.facts());
      if (resumedFrom > 0) {
        await demandSize(await sizeOf(connection, octets, { signal }), total);
        const local = source.read.bind(source);
        await demandAlike(remote, connection, { octets, size: total, seam: resumedFrom, local });
      }
      if (preservesTimes && file.modified) await this.#giveTimes(connection, octets, file.modified);
      await renameOver(connection, octets, remote.octetsOf(path), signal);
      await record.done(path, file.modified?.instantMs === listed.modified?.instantMs ? listed : file);
      meter.enter("done");
      return { bytes, resumedFrom };
    } catch (error) {
      const isRestartRefused = resumedFrom > 0 && moved === 0 && refusalOf(error) !== undefined;
      if (!(isRestartRefused || isFinal(error)) || connection.isOver) throw error;
      // Some servers leave an empty file behind a refused upload (ProFTPD, measured).
      await this.#dele(connection, path, part);
      await record.forget(path);
      throw isRestartRefused ? askedAgain(error) : error;
    }
  }

  /** Whether the part has become the file already, and only the reply was lost. */
  async #isPublished(connection: ClientConnection, path: string, file: FileFacts): Promise<boolean> {
    const { remote, preservesTimes } = this.#parts;
    const found = await remote.exactFacts(connection, path);
    const isSameTime = relateTimes(file.modified, found.modified, 0) === "overlap";
    return preservesTimes && isSameTime && found.sizeBytes === file.sizeBytes;
  }

  async #send(
    connection: ClientConnection,
    octets: Octets,
    { source, total, resumedFrom, onMoved }: Sending,
  ): Promise<number> {
    const { signal, throttle } = this.#parts.remote;
    const pace = { onProgress: onMoved, ...(throttle && { throttle }) };
    const mover: Mover = async (data, moving) => ({
      bytes: await data.sendFrom(source.bytes(total), resumedFrom, undefined, { ...moving, ...pace }),
      isWhole: true,
    });
    const restart = resumedFrom > 0 ? { restartOffset: BigInt(resumedFrom) } : {};
    const order = { verb: "STOR", argument: octets, type: "I", ...restart } as const;
    return (await connection.transfer(order, mover, { signal, sizeBytes: total - resumedFrom })).bytes;
  }

  /** What the server does not take is no failure. */
  async #giveTimes(connection: ClientConnection, octets: Octets, { instantMs }: EntryTime): Promise<void> {
    const times = { modified: new Date(instantMs) };
    await unlessRefused(setTimes(connection, octets, times, { signal: this.#parts.remote.signal }));
  }

  #makeDirectory(octets: Octets): Promise<void> {
    const { remote } = this.#parts;
    return remote.use((connection) => makeDirectory(connection, octets, { recursive: true, signal: remote.signal }));
  }

  async #dele(connection: ClientConnection, path: string, part: string): Promise<void> {
    const octets = this.#parts.remote.octetsOf(besideOf(path, part));
    await unlessRefused(connection.command("DELE", octets)).catch(() => {});
  }
}

interface Stored {
  readonly path: string;
  readonly source: LocalSource;
  /** As in the tree. */
  readonly listed: FileFacts;
  /** As it is now. */
  readonly file: FileFacts;
}

interface Sending {
  readonly source: LocalSource;
  readonly total: number;
  readonly resumedFrom: number;
  readonly onMoved: (bytes: number) => void;
}

/** A server that takes no notice of REST has now another file than ours. */
async function demandSize(found: number | bigint | undefined, total: number): Promise<void> {
  if (found === undefined || Number(found) === total) return;
  const message = `The server has ${found} octets of ${total} after a restart`;
  throw askedAgain(new SallyportError("SALLYPORT_INTEGRITY_SIZE", message));
}

/** Whether nobody will go on with the part: the server said no, or what it has is not the file. */
function isFinal(error: unknown): boolean {
  if (error instanceof SourceChanged) return true;
  if (error instanceof SallyportError && error.code.startsWith("SALLYPORT_INTEGRITY_")) return true;
  const code = refusalOf(error)?.code;
  return error instanceof CommandRefused && code !== undefined && code >= 500;
}
