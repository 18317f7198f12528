import { requireProgramFiles } from "@sallyport/daemon/program-files";
import {
  defaultStatePath,
  prepareStateDirectory,
  requireStateDirectory,
  stateOwner,
  type StateDirectory,
} from "@sallyport/daemon/state";

/** What a command does with the state directory. */
export interface StateUse {
  /** Makes the directory where it is missing. */
  readonly create: boolean;
  /** Loads more of the program afterwards, which the owner of the directory then has to reach. */
  readonly loads?: boolean;
}

/**
 * Opens the state directory for a command that administers it. Root acts as the directory's owner from here on, so that
 * the server, which runs as that user, can use what root adds.
 *
 * @throws {ConfigError} as the functions that open it, and SALLYPORT_PROGRAM_UNREACHABLE.
 */
export function openState(path: string | undefined, { create, loads = false }: StateUse): StateDirectory {
  const chosen = path ?? defaultStatePath(process.env);
  const state = create ? prepareStateDirectory(chosen) : requireStateDirectory(chosen);
  const { uid, gid } = stateOwner(state);
  if (process.getuid?.() === 0 && uid !== 0) {
    const rights = { uid, gid, groups: [gid] };
    if (loads) requireProgramFiles(rights, `User number ${uid}, who owns ${state.path},`, { forks: false });
    process.setgroups?.([gid]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  }
  return state;
}
