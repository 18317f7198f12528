import { dataPathHooks, takeDataPathHooksAsProved } from "@sallyport/transport";
import { existsSync, writeFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { join } from "node:path";

/**
 * Has the hooks of the data path proved once for each Node: the proof takes a quarter of the processor time of a small
 * command. That it was done is kept where V8 keeps what it compiled, in a folder that belongs to this Node and this user
 * alone; without one every process proves them anew.
 */
export function proveHooksOnce(): void {
  const folder = getCompileCacheDir();
  if (folder === undefined) return;
  const note = join(folder, "sallyport-data-path-hooks-proved");
  if (existsSync(note)) takeDataPathHooksAsProved();
  else void dataPathHooks({ sendFile: false }).then((hooks) => noteProof(note, hooks.closeNotify && hooks.userBuffer));
}

function noteProof(note: string, isProved: boolean): void {
  if (!isProved) return;
  try {
    writeFileSync(note, "");
  } catch {
    // Where nobody may write, it is proved again.
  }
}
