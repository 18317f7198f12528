import fs from "node:fs";

import type { DirectoryHandle } from "./directory-handle.ts";
import { fsync } from "./file-calls.ts";

/** Makes a change of names in a directory survive a power failure. */
export async function syncDirectory(directory: DirectoryHandle): Promise<void> {
  const descriptor = fs.openSync(directory.self, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    await fsync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
