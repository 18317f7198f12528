import { closeNotifyHookWorks } from "./close-notify-hook.ts";
import { sendFileHookWorks } from "./send-file-hook.ts";
import { userBufferHookWorks } from "./user-buffer-hook.ts";

/** Which private insides of Node the data path may use; without them it takes the public way, which costs more CPU. */
export interface DataPathHooks {
  readonly closeNotify: boolean;
  readonly userBuffer: boolean;
  readonly sendFile: boolean;
}

/**
 * Proves the hooks of the data path on this Node, once for each process; takes some dozen milliseconds. Those for sending
 * files in clear are of use to servers, and may be left alone.
 */
export async function dataPathHooks({ sendFile = true }: { readonly sendFile?: boolean } = {}): Promise<DataPathHooks> {
  await Promise.all([
    (proofs.closeNotify ??= prove("closeNotify", closeNotifyHookWorks)),
    (proofs.userBuffer ??= prove("userBuffer", userBufferHookWorks)),
    sendFile && (proofs.sendFile ??= prove("sendFile", sendFileHookWorks)),
  ]);
  return proved;
}

/**
 * Takes the hooks that matter to clients as proved, for a short process that knows of an earlier one with the very same
 * Node which has proved them.
 */
export function takeDataPathHooksAsProved(): void {
  proofs.closeNotify ??= Promise.resolve();
  proofs.userBuffer ??= Promise.resolve();
  proved = { ...proved, closeNotify: true, userBuffer: true };
}

/** The hooks that {@link dataPathHooks} has proved by now; before that none. */
export function provedDataPathHooks(): DataPathHooks {
  return proved;
}

/** The public way alone. */
export const noDataPathHooks: DataPathHooks = { closeNotify: false, userBuffer: false, sendFile: false };

const proofs: Partial<Record<keyof DataPathHooks, Promise<void>>> = {};
let proved = noDataPathHooks;

async function prove(hook: keyof DataPathHooks, works: () => Promise<boolean>): Promise<void> {
  const isProved = await works();
  proved = { ...proved, [hook]: isProved };
}
