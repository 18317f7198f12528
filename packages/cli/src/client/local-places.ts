import { stat } from "node:fs/promises";
import { join } from "node:path";
import { localName, localNameRules, type LocalName } from "@sallyport/client";
import { PeerViolation, UsageError } from "@sallyport/protocol";
import { quotedName } from "../terminal/visible-text.ts";

/** Standard input and output in place of a file. */
export const standardStream = "-";

/** Whether there is a directory at a local path. */
export async function isLocalDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** The local path of a remote name in a local directory; a name that leads out of it is refused. */
export function localChild(directory: string, name: string): string {
  const mapped: LocalName = localName(name, localNameRules());
  if (mapped.ok) return join(directory, mapped.name);
  if (mapped.failure === "too-long") {
    throw new UsageError("SALLYPORT_LOCAL_NAME", `${quotedName(name)} is too long a name for this file system`);
  }
  throw new PeerViolation(
    "SALLYPORT_NAME_UNSAFE",
    `The server lists the name ${quotedName(name)}, which would lead elsewhere`,
  );
}
