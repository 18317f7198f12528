export * from "./certificates.ts";
export * from "./command.ts";
export * from "./requirements.ts";
