export * from "./observer.ts";
export * from "./options.ts";
export * from "./server.ts";
