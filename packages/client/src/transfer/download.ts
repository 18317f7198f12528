import { type Octets, resolveListedTime } from "@sallyport/protocol";
import type { ClientConnection, TransferOutcome } from "../connection/client-connection.ts";
import { sizeOf, timeOf } from "../operations/stat.ts";
import { StagedFile } from "./local-file.ts";
import type { ProgressMeter } from "./progress.ts";
import { receiveInto } from "./receive.ts";

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly meter: ProgressMeter;
  /** Keeps the server's time of change; what it does not tell is no failure. */
  readonly preserve?: boolean | undefined;
}

/** Downloads a file; the local path has the whole file, or what it had before. */
export async function download(
  connection: ClientConnection,
  remote: Octets,
  local: string,
  { signal, meter, preserve }: DownloadOptions,
): Promise<TransferOutcome> {
  meter.enter("open");
  await using file = await StagedFile.create(local);
  const size = await sizeOf(connection, remote, { signal });
  const total = size === undefined ? undefined : Number(size);
  meter.enter("open", { total });
  const outcome = await connection.transfer(
    { verb: "RETR", argument: remote, type: "I" },
    receiveInto(file, 0, { expectedBytes: total, onProgress: meter.moved }),
    { signal },
  );
  await file.publish(preserve ? { modified: await modifiedOf(connection, remote, signal) } : {});
  meter.enter("done");
  return outcome;
}

async function modifiedOf(
  connection: ClientConnection,
  remote: Octets,
  signal: AbortSignal | undefined,
): Promise<Date | undefined> {
  const time = await timeOf(connection, remote, { signal });
  const resolved = time && resolveListedTime(time, { nowMs: Date.now() });
  return resolved && new Date(Math.floor(resolved.timeMs));
}
