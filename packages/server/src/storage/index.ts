export * from "./storage.ts";
export * from "./storage-error.ts";
