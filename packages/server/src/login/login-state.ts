import type { ServerPiState } from "@sallyport/protocol";
import type { Account } from "@sallyport/server/accounts";
import type { Storage } from "@sallyport/server/storage";

/** How somebody proved to be who the account is for. */
export type LoginMethod = "password" | "client-certificate" | "kerberos" | "anonymous" | "open";

/** A login that succeeded: whose it is, and what it may touch. */
export interface Login extends OpenedLogin {
  readonly method: LoginMethod;
  /** When, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** An account with the files that it may touch, already confined to home, quota and permissions. */
export interface OpenedLogin {
  readonly account: Account;
  readonly storage: Storage;
  /** The same files without the permissions, for what the server itself reads. */
  readonly files: Storage;
}

/** What the server-PI remembers of one control connection, with logins of this server. */
export type PiState = ServerPiState<Login>;
