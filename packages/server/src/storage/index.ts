export * from "./storage.ts";
export * from "./storage-error.ts";
export { LocalDirectory, type LocalDirectoryOptions } from "./local-directory.ts";
export { MemoryDirectory, type MemoryDirectoryOptions } from "./memory.ts";
