import type { ServerPiState } from "@sallyport/protocol";
import type { Account } from "@sallyport/server/accounts";
import type { Storage } from "@sallyport/server/storage";

/** A login that succeeded: whose it is and the files it may touch, already confined to home, quota and permissions. */
export interface Login {
  readonly account: Account;
  readonly storage: Storage;
  /** The same files without the permissions, for what the server itself reads. */
  readonly files: Storage;
}

/** What the server-PI remembers of one control connection, with logins of this server. */
export type PiState = ServerPiState<Login>;
