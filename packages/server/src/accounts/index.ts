export * from "./account.ts";
export * from "./account-error.ts";
export * from "./authenticator.ts";
export * from "./password-hash.ts";
export * from "./password-scheme.ts";
