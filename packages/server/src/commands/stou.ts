import { baseName, childPath, type Octets, parentPath, type VirtualPath } from "@sallyport/protocol";
import { StorageError } from "@sallyport/server/storage";
import { randomInt } from "node:crypto";
import { type CommandContext, type CommandHandler, type Outcome, withPath } from "../command-handler.ts";
import { upload } from "../transfer/upload.ts";

const attemptsMax = 16;

/** Draws a new name until none is in the way; an argument is a hint for its beginning (R-1123-17). */
export const stou: CommandHandler<"STOU"> = (context, hint) =>
  withPath(context, hint ?? ("file" as Octets), (path) => uploadUnderNewName(context, path, attemptsMax));

async function uploadUnderNewName(context: CommandContext, hint: VirtualPath, attempts: number): Promise<Outcome> {
  const suffix = randomInt(2 ** 40)
    .toString(36)
    .padStart(8, "0");
  const fileName = `${baseName(hint).slice(0, 200)}.${suffix}` as Octets;
  try {
    return await upload(context, childPath(parentPath(hint), fileName), "create", { fileName });
  } catch (error) {
    const taken = error instanceof StorageError && error.kind === "exists";
    if (!taken || attempts <= 1) throw error;
    return uploadUnderNewName(context, hint, attempts - 1);
  }
}
