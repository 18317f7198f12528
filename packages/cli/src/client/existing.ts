import { stat } from "node:fs/promises";
import type { Client, Entry } from "@sallyport/client";
import { isSallyportError } from "@sallyport/protocol";
import { exitCodes } from "../exit-codes.ts";
import type { ExistingPolicy } from "../transfer-flags.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { ClientFailure } from "./client-failure.ts";

/** When a file was changed; undefined where that is not known, or there is no file. */
export interface KnownFile {
  readonly exists: boolean;
  readonly modifiedMs?: number | undefined;
}

/** Why a file is left as it is, or undefined where it is to be written. */
export function reasonToSkip(
  policy: ExistingPolicy,
  path: string,
  source: { readonly modifiedMs?: number | undefined },
  target: KnownFile,
): string | undefined {
  if (!target.exists || policy === "overwrite") return undefined;
  if (policy === "skip") return "it exists";
  if (policy === "newer") {
    const isNewer =
      source.modifiedMs === undefined || target.modifiedMs === undefined || source.modifiedMs > target.modifiedMs;
    return isNewer ? undefined : "it is not older";
  }
  throw new ClientFailure(
    { code: "SALLYPORT_FILE_EXISTS", message: `${quotedName(path)} exists already`, exitCode: exitCodes.cannotCreate },
    undefined,
  );
}

export async function knownLocalFile(path: string): Promise<KnownFile> {
  try {
    return { exists: true, modifiedMs: (await stat(path)).mtimeMs };
  } catch {
    return { exists: false };
  }
}

export async function knownRemoteFile(client: Client, path: string, signal: AbortSignal): Promise<KnownFile> {
  try {
    return { exists: true, modifiedMs: modifiedMsOf(await client.stat(path, { signal })) };
  } catch (error) {
    if (isSallyportError(error) && error.code === "SALLYPORT_COMMAND_REFUSED") return { exists: false };
    throw error;
  }
}

export function modifiedMsOf({ modified }: Entry): number | undefined {
  return modified?.instant?.getTime();
}
