import { closeNotifyHookWorks } from "./close-notify-hook.ts";
import { sendFileHookWorks } from "./send-file-hook.ts";
import { userBufferHookWorks } from "./user-buffer-hook.ts";

/** Which private insides of Node the data path may use; without them it takes the public way, which costs more CPU. */
export interface DataPathHooks {
  readonly closeNotify: boolean;
  readonly userBuffer: boolean;
  readonly sendFile: boolean;
}

/** Proves the hooks of the data path on this Node, once for each process; takes some dozen milliseconds. */
export function dataPathHooks(): Promise<DataPathHooks> {
  return (proof ??= prove());
}

/** The hooks that {@link dataPathHooks} has proved by now; before that none. */
export function provedDataPathHooks(): DataPathHooks {
  return proved;
}

/** The public way alone. */
export const noDataPathHooks: DataPathHooks = { closeNotify: false, userBuffer: false, sendFile: false };

let proof: Promise<DataPathHooks> | undefined;
let proved = noDataPathHooks;

async function prove(): Promise<DataPathHooks> {
  const [closeNotify, userBuffer, sendFile] = await Promise.all([
    closeNotifyHookWorks(),
    userBufferHookWorks(),
    sendFileHookWorks(),
  ]);
  return (proved = { closeNotify, userBuffer, sendFile });
}
