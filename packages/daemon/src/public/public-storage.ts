import type { VirtualPath } from "@sallyport/protocol";
import { rootPath } from "@sallyport/protocol";
import type { LoginStorage } from "@sallyport/server";
import { overlay, readOnly, type StorageSource } from "@sallyport/server/storage";
import type { VisitorAreas } from "./visitor-areas.ts";

/** Where strangers may write. */
export const uploadDirectory = "/upload" as VirtualPath;

/** What strangers see: a tree that nobody can change, and in it a place to write of their own. */
export function publicStorage(tree: StorageSource, areas: VisitorAreas): LoginStorage {
  return ({ name }, { remoteAddress }) =>
    overlay([
      { path: rootPath, storage: readOnly(tree.forOwner(name)) },
      { path: uploadDirectory, storage: areas.storageFor(remoteAddress, name) },
    ]);
}
