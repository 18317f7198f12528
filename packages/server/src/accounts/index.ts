export * from "./account.ts";
export {
  AccountDatabase,
  type AccountDatabaseOptions,
  type ImportResult,
  type OnExisting,
} from "./account-database.ts";
export type { OpenOptions } from "./account-database-file.ts";
export * from "./account-error.ts";
export * from "./account-record.ts";
export * from "./anonymous-authenticator.ts";
export * from "./authenticator.ts";
export * from "./database-authenticator.ts";
export * from "./first-of.ts";
export * from "./import/index.ts";
export * from "./login-throttle.ts";
export * from "./password-hash.ts";
export * from "./password-scheme.ts";
export * from "./permissions.ts";
export * from "./permitted-storage.ts";
export { type Precedence, PrecedenceLines } from "./precedence-lines.ts";
