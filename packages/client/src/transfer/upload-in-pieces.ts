import { IntegrityError, type Octets } from "@sallyport/protocol";
import type { ByteSource } from "@sallyport/transport";
import { createHash } from "node:crypto";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOrder, TransferOutcome } from "../connection/transfer-order.ts";
import type { Mover } from "../connection/data-task.ts";
import { setTimes } from "../operations/change.ts";
import { unlessRefused } from "../operations/refusal.ts";
import { sizeOf } from "../operations/stat.ts";
import type { ProgressMeter } from "./progress.ts";
import { endUpload } from "./publishing.ts";
import { partNameOf, renameOver } from "./store.ts";
import { isRestartRefused } from "./upload.ts";

/** A file that somebody sends in pieces: what tells it from others of the same name. */
export interface PiecewiseSource {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

export interface PieceOptions {
  readonly signal?: AbortSignal | undefined;
  readonly meter: ProgressMeter;
}

/**
 * An upload whose content comes in pieces, at any time and through any process. All that is remembered lies on the server:
 * a part beside the file, under a name that path, size and time of change give. A piece that breaks off leaves what came.
 */
export class UploadInPieces {
  readonly #remote: Octets;
  readonly #part: Octets;
  readonly #source: PiecewiseSource;

  constructor(remote: Octets, source: PiecewiseSource) {
    const mark = createHash("sha256").update(`pieces\0${source.sizeBytes}\0${source.modifiedMs}`).digest("hex");
    this.#remote = remote;
    this.#part = partNameOf(remote, mark.slice(0, 8));
    this.#source = source;
  }

  /** How many octets the server has, by SIZE. */
  async offset(connection: ClientConnection, signal?: AbortSignal): Promise<number> {
    const found = Number((await sizeOf(connection, this.#part, { signal })) ?? 0);
    return found > this.#source.sizeBytes ? 0 : found;
  }

  /** Ends the part where the server has every octet of it, in case that it heard of no end. */
  end(connection: ClientConnection, signal?: AbortSignal): Promise<void> {
    return endUpload(connection, this.#part, this.#source.sizeBytes, { signal });
  }

  /** Sends what comes behind `offset`, which is where the server's part ends; a source is read from its position 0 on. */
  async send(
    connection: ClientConnection,
    offset: number,
    piece: AsyncIterable<Uint8Array> | ByteSource,
    { signal, meter }: PieceOptions,
  ): Promise<TransferOutcome> {
    let hasBegun = false;
    const mover: Mover = async (data, moving) => {
      hasBegun = true;
      const options = { ...moving, onProgress: meter.moved };
      const bytes = await ("read" in piece
        ? data.sendFrom(piece, 0, undefined, options)
        : data.sendChunks(piece, options));
      return { bytes, isWhole: true };
    };
    const order = { verb: "STOR", argument: this.#part, type: "I" } as const;
    const send = (given: TransferOrder): Promise<TransferOutcome> => connection.transfer(given, mover, { signal });
    meter.resumeFrom(offset);
    if (offset === 0) return send(order);
    try {
      return await send({ ...order, restartOffset: BigInt(offset) });
    } catch (error) {
      if (hasBegun || !isRestartRefused(error)) throw error;
    }
    // SIZE has just told where it would go.
    return send({ ...order, verb: "APPE" });
  }

  /**
   * Gives the file its name. Rejects with IntegrityError `SALLYPORT_INTEGRITY_SIZE` where the part is not as long as the
   * source.
   */
  async publish(connection: ClientConnection, signal?: AbortSignal): Promise<void> {
    const { sizeBytes, modifiedMs } = this.#source;
    const found = await sizeOf(connection, this.#part, { signal });
    if (found !== undefined && Number(found) !== sizeBytes) {
      throw new IntegrityError("SALLYPORT_INTEGRITY_SIZE", `The server has ${found} octets of ${sizeBytes}`);
    }
    await unlessRefused(setTimes(connection, this.#part, { modified: new Date(modifiedMs) }, { signal }));
    await renameOver(connection, this.#part, this.#remote, signal);
  }

  /** Takes the file that is there as the beginning of this one: it becomes the part, unless there is one already. */
  async adopt(connection: ClientConnection, signal?: AbortSignal): Promise<void> {
    if ((await sizeOf(connection, this.#part, { signal })) !== undefined) return;
    await renameOver(connection, this.#remote, this.#part, signal);
  }

  /** Makes the part the file again that it was, with what came meanwhile. */
  async giveBack(connection: ClientConnection, signal?: AbortSignal): Promise<void> {
    await unlessRefused(renameOver(connection, this.#part, this.#remote, signal));
  }

  /** Removes the part, if there is one. */
  async discard(connection: ClientConnection): Promise<void> {
    await unlessRefused(connection.command("DELE", this.#part));
  }
}
