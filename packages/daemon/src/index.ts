export * from "./certificates/index.ts";
export * from "./state-directory.ts";
