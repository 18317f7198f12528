export * from "./storage.ts";
export * from "./storage-error.ts";
export { LocalDirectory, type LocalDirectoryOptions } from "./local-directory.ts";
export { MemoryDirectory, type MemoryDirectoryOptions } from "./memory.ts";
export { type Mount, overlay } from "./overlay.ts";
export { quota } from "./quota.ts";
export { type QuotaAccount, QuotaUsage, QuotaUsages, sizeOf } from "./quota-usage.ts";
export { readOnly } from "./read-only.ts";
export { subtree } from "./subtree.ts";
