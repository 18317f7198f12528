export * from "./explain/index.ts";
export * from "./model/index.ts";
