import type { Octets } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { TransferOutcome } from "../connection/transfer-order.ts";
import type { Mover } from "../connection/data-task.ts";
import { baseName, childPath, parentPath } from "../names/remote-path.ts";
import { isAboutPath, unlessRefused, verbOf } from "../operations/refusal.ts";
import { exists, stat } from "../operations/stat.ts";
import { partSuffix } from "./local-file.ts";
import { learnPublishing, publishesWhole } from "./publishing.ts";

export interface StoreOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Stores under another name and renames, so that nobody sees a half file. Default: unless the server itself publishes
   * uploads whole.
   */
  readonly atomic?: boolean | undefined;
  /** Of the content, where it is known. */
  readonly sizeBytes?: number | undefined;
}

/**
 * Stores a file: its name has the whole content or what it had before, where the server can rename. What a refused or
 * broken upload left behind is deleted, if it was this upload that made it (ProFTPD leaves an empty file, measured).
 */
export async function store(
  connection: ClientConnection,
  remote: Octets,
  mover: Mover,
  { signal, atomic, sizeBytes }: StoreOptions,
): Promise<TransferOutcome> {
  if (atomic !== true) await learnPublishing(connection, { signal });
  if (!(atomic ?? !publishesWhole(connection))) return storeInPlace(connection, remote, mover, { signal, sizeBytes });
  const temporary = partNameOf(remote);
  try {
    const outcome = await connection.transfer({ verb: "STOR", argument: temporary, type: "I" }, mover, {
      signal,
      sizeBytes,
    });
    await renameOver(connection, temporary, remote, signal);
    return outcome;
  } catch (error) {
    if (!connection.isOver) await connection.command("DELE", temporary).catch(() => {});
    throw error;
  }
}

async function storeInPlace(
  connection: ClientConnection,
  remote: Octets,
  mover: Mover,
  { signal, sizeBytes }: Pick<StoreOptions, "signal" | "sizeBytes">,
): Promise<TransferOutcome> {
  // Also where the server shows nobody else what was broken off.
  const isOurs = !(await exists(connection, remote, { signal }));
  try {
    return await connection.transfer({ verb: "STOR", argument: remote, type: "I" }, mover, { signal, sizeBytes });
  } catch (error) {
    if (isOurs && !connection.isOver) await connection.command("DELE", remote).catch(() => {});
    throw error;
  }
}

/**
 * Renames onto a name that may be taken. Some servers refuse that, so that the old file is put aside first, and put back
 * where the new one gets its name even so not.
 */
export async function renameOver(
  connection: ClientConnection,
  from: Octets,
  to: Octets,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await connection.rename(from, to, { signal });
  } catch (error) {
    if (verbOf(error) !== "RNTO" || !isAboutPath(error)) throw error;
    const aside = partNameOf(to);
    const old = await unlessRefused(stat(connection, to, { signal }));
    if (old === undefined || old.type === "directory") throw error;
    if ((await unlessRefused(connection.rename(to, aside, { signal }))) === undefined) throw error;
    try {
      await connection.rename(from, to);
    } catch (second) {
      await connection.rename(aside, to).catch(() => {});
      throw second;
    }
    await unlessRefused(connection.command("DELE", aside));
  }
}

/** A name beside it for a file in the making; cut, between two characters, where most file systems refuse the whole. */
export function partNameOf(remote: Octets, mark?: string): Octets {
  const name = baseName(remote);
  const cut = name.length > 200 ? name.slice(0, 200).replace(/[\xC0-\xFF][\x80-\xBF]*$/, "") : name;
  return childPath(parentPath(remote), `.${cut}${partSuffix(mark)}` as Octets);
}
