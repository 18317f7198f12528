import {
  defaultStatePath,
  prepareStateDirectory,
  requireStateDirectory,
  stateOwner,
  type StateDirectory,
} from "@sallyport/daemon/state";

/**
 * Opens the state directory for a command that administers it. Root acts as the directory's owner from here on, so that
 * the server, which runs as that user, can use what root adds.
 */
export function openState(path: string | undefined, options: { readonly create: boolean }): StateDirectory {
  const chosen = path ?? defaultStatePath(process.env);
  const state = options.create ? prepareStateDirectory(chosen) : requireStateDirectory(chosen);
  const owner = stateOwner(state);
  if (process.getuid?.() === 0 && owner.uid !== 0) {
    process.setgroups?.([owner.gid]);
    process.setgid?.(owner.gid);
    process.setuid?.(owner.uid);
  }
  return state;
}
