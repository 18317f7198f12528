import { displayOctets, type VirtualPath } from "@sallyport/protocol";

import { StorageError } from "./storage-error.ts";
import type { Storage } from "./storage.ts";
import { subtree } from "./subtree.ts";

/** Shows a storage without letting anything in it be changed: every change is refused with kind `read-only`. */
export function readOnly(storage: Storage): Storage {
  return {
    stat: (path, options) => storage.stat(path, options),
    list: (directory) => storage.list(directory),
    openRead: (path) => storage.openRead(path),
    openWrite: refuse,
    rename: refuse,
    remove: refuse,
    makeDirectory: refuse,
    removeDirectory: refuse,
    ...(storage.setAttributes && { setAttributes: refuse }),
    ...(storage.makeSymbolicLink && { makeSymbolicLink: refuse }),
    ...(storage.freeSpaceBytes && { freeSpaceBytes: async () => 0 }),
    subtree: (directory) => readOnly(subtree(storage, directory)),
  };
}

async function refuse(path: VirtualPath): Promise<never> {
  throw new StorageError("read-only", `${displayOctets(path)}: the storage is read-only`);
}
