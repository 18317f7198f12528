export * from "./account.ts";
export * from "./authenticator.ts";
