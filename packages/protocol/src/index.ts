export * from "./errors.ts";
export * from "./limits.ts";
export * from "./octets.ts";
export * from "./paths.ts";
export * from "./tls/client-hello.ts";
