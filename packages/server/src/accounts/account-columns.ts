import { pathComponents, type VirtualPath } from "@sallyport/protocol";
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { AccountError } from "./account-error.ts";
import type { AccountValues } from "./account-record.ts";

/** The values of an account that have a column of their own. */
export type ColumnValues = Omit<AccountValues, "permissions" | "clientCertificates">;

/** How one value of an account is kept in its column. */
export interface Column {
  readonly name: string;
  /** What a new account gets. */
  readonly initial: SQLInputValue;
  /** @throws {AccountError} kind `value-not-allowed` for a value that makes no sense. */
  readonly write: (value: unknown) => SQLInputValue;
  readonly read: (stored: SQLOutputValue) => unknown;
}

/** One row for each value. */
export const accountColumns: Readonly<Record<keyof ColumnValues, Column>> = {
  enabled: boolean("enabled", 1),
  expiresMs: integer("expires_ms", 0),
  home: path("home"),
  readOnly: boolean("read_only", 0),
  quotaBytes: integer("quota_bytes", 0),
  connectionsMax: integer("connections_max", 1),
  uploadBytesPerSecond: integer("upload_bytes_per_second", 1),
  downloadBytesPerSecond: integer("download_bytes_per_second", 1),
  requireTls: choice("require_tls", ["login,data", "login", "data", "none"]),
  dataResumption: choice("data_resumption", ["off", "offer", "adaptive", "require"]),
  uncleanDataClose: choice("unclean_data_close", ["refuse", "accept"]),
  clientCertificate: choice("client_certificate", ["off", "login", "required"]),
  gssapi: choice("gssapi", ["off", "login", "required"]),
};

/** Turns a virtual path into the octets that are stored. */
export function pathBlob(value: VirtualPath): Buffer<ArrayBuffer> {
  if (!value.startsWith("/") || pathComponents(value).some((component) => component === "" || component === "..")) {
    throw new AccountError("value-not-allowed", "a path must be absolute and without empty or .. components");
  }
  return Buffer.from(value, "latin1");
}

function boolean(name: string, initial: 0 | 1): Column {
  return { name, initial, write: (value) => (value === true ? 1 : 0), read: (stored) => stored === 1 };
}

function integer(name: string, least: number): Column {
  const write = (value: unknown): SQLInputValue => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
    throw new AccountError("value-not-allowed", `${name} must be a whole number of at least ${least}`);
  };
  return { name, initial: null, write, read: (stored) => stored };
}

function choice(name: string, choices: readonly string[]): Column {
  const write = (value: unknown): SQLInputValue => {
    if (typeof value === "string" && choices.includes(value)) return value;
    throw new AccountError("value-not-allowed", `${name} must be one of ${choices.join(" | ")}`);
  };
  return { name, initial: null, write, read: (stored) => stored };
}

function path(name: string): Column {
  return { name, initial: Buffer.from("/"), write: (value) => pathBlob(value as VirtualPath), read: pathOf };
}

function pathOf(stored: SQLOutputValue): unknown {
  return stored instanceof Uint8Array ? Buffer.from(stored).toString("latin1") : undefined;
}
