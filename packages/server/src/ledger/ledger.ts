import type { Account, FailureVerdict, LoginAttempt, Precedence, ThrottleVerdict } from "@sallyport/server/accounts";
import type { QuotaAccount } from "@sallyport/server/storage";
import type { ByteThrottle } from "@sallyport/transport";

/** Whether a connection may be served, and before whom; its number is unique in the whole server. */
export type Admission =
  | { readonly kind: "admitted"; readonly connection: number; readonly precedence: Precedence }
  | { readonly kind: "refused"; readonly cause: string };

export type TransferDirection = "upload" | "download";

/** A transfer's part in its account's rate, until it is disposed of. */
export interface RateShare extends Disposable {
  /** What a transfer's options need: the throttle of the account's transfers, or nothing where it has no rate. */
  readonly options: { readonly throttle?: ByteThrottle };
}

/**
 * What holds for a server as a whole, however many processes serve it: who is connected and logged in, who is banned,
 * what is left of quotas and rates. {@link OwnLedger} keeps it for one process; where several serve, one of them keeps it
 * and the others ask.
 */
export interface ServerLedger {
  /** Secret of the server's lifetime behind the `unique` fact. */
  readonly identityKey: string;

  /**
   * Counts a connection in, within `connectionsCount`, `connectionsPerHostCount` and the bans. One that finds no place
   * waits up to `connectionPlaceWaitMs` for one.
   */
  admit(remoteAddress: string): Promise<Admission>;
  /** Counts a connection out, and the login that it may have. */
  closed(connection: number): void;

  /** As LoginThrottle.judge, before a password is checked. */
  judge(attempt: LoginAttempt): Promise<ThrottleVerdict>;
  /** As LoginThrottle.failed. */
  failed(attempt: LoginAttempt): Promise<FailureVerdict>;
  /** As LoginThrottle.succeeded. */
  succeeded(attempt: LoginAttempt): void;

  /** Counts a connection as the account's, and no longer as another's; false where the account has its fill. */
  claimLogin(connection: number, account: Account): Promise<boolean>;
  releaseLogin(connection: number): void;

  /** The usage of an account under its present limit. */
  quotaOf(owner: string, limitBytes: number): QuotaAccount;

  /** Counts a transfer among its account's in that direction. */
  beginTransfer(account: Account, direction: TransferDirection): Promise<RateShare>;
}
