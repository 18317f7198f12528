import type { Octets } from "@sallyport/protocol";
import { open } from "node:fs/promises";
import type { ClientConnection, TransferOutcome } from "../connection/client-connection.ts";
import type { Mover } from "../connection/data-task.ts";
import { fileSystemPath } from "../names/local-name.ts";
import { setTimes } from "../operations/change.ts";
import { unlessRefused } from "../operations/refusal.ts";
import { sourceOf } from "./local-file.ts";
import type { ProgressMeter } from "./progress.ts";
import { store, type StoreOptions } from "./store.ts";

export interface UploadOptions extends StoreOptions {
  readonly meter: ProgressMeter;
  /** Keeps the file's time of change where the server takes it; where not, that is no failure. */
  readonly preserve?: boolean | undefined;
}

/** Uploads a local file. */
export async function upload(
  connection: ClientConnection,
  local: string,
  remote: Octets,
  { meter, preserve, ...options }: UploadOptions,
): Promise<TransferOutcome> {
  await using file = await open(fileSystemPath(local), "r");
  const { size, mtime } = await file.stat();
  meter.enter("open", { total: size });
  const mover: Mover = async (data, moving) => ({
    bytes: await data.sendFrom(sourceOf(file, size), 0, undefined, { ...moving, onProgress: meter.moved }),
    isWhole: true,
  });
  const outcome = await store(connection, remote, mover, options);
  if (preserve) await unlessRefused(setTimes(connection, remote, { modified: mtime }, { signal: options.signal }));
  meter.enter("done");
  return outcome;
}
