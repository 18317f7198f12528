import { type Account, type FailureVerdict, type LoginAttempt, type ThrottleVerdict } from "@sallyport/server/accounts";
import type { Admission, RateShare, ServerLedger, TransferDirection } from "@sallyport/server";
import type { QuotaAccount } from "@sallyport/server/storage";
import { ByteThrottle } from "@sallyport/transport";
import { rateKey, type RateOfKey } from "./contract.ts";
import { LeasedQuota } from "./leased-quota.ts";
import type { LedgerExchange } from "./ledger-exchange.ts";

/** The ledger of a worker: the primary keeps it. */
export class RemoteLedger implements ServerLedger {
  readonly identityKey: string;
  readonly #primary: LedgerExchange;
  /** Connections that may hold a place of an account; nothing is to be released for others. */
  readonly #claiming = new Set<number>();
  readonly #quotas = new Map<string, LeasedQuota>();
  readonly #throttles = new Map<string, ByteThrottle>();

  constructor(primary: LedgerExchange, identityKey: string) {
    this.#primary = primary;
    this.identityKey = identityKey;
  }

  admit(remoteAddress: string): Promise<Admission> {
    return this.#primary.ask("admit", remoteAddress);
  }

  closed(connection: number): void {
    this.#claiming.delete(connection);
    this.#primary.tell("closed", connection);
  }

  judge(attempt: LoginAttempt): Promise<ThrottleVerdict> {
    return this.#primary.ask("judge", attempt);
  }

  failed(attempt: LoginAttempt): Promise<FailureVerdict> {
    return this.#primary.ask("failed", attempt);
  }

  succeeded(attempt: LoginAttempt): void {
    this.#primary.tell("succeeded", attempt);
  }

  claimLogin(connection: number, { name: account, connectionsMax }: Account): Promise<boolean> {
    this.#claiming.add(connection);
    return this.#primary.ask("claimLogin", { connection, account, connectionsMax });
  }

  releaseLogin(connection: number): void {
    if (this.#claiming.delete(connection)) this.#primary.tell("releaseLogin", connection);
  }

  quotaOf(owner: string, limitBytes: number): QuotaAccount {
    const known = this.#quotas.get(owner);
    if (known !== undefined) known.limitBytes = limitBytes;
    const quota = known ?? new LeasedQuota(owner, limitBytes, this.#primary);
    this.#quotas.set(owner, quota);
    return quota;
  }

  async beginTransfer(account: Account, direction: TransferDirection): Promise<RateShare> {
    const rate = direction === "upload" ? account.uploadBytesPerSecond : account.downloadBytesPerSecond;
    if (rate === undefined) return { options: {}, [Symbol.dispose]: () => undefined };
    const key = rateKey(account.name, direction);
    await this.#primary.ask("beginTransfer", { key, bytesPerSecond: rate });
    const throttle = this.#throttles.get(key) ?? this.#throttleAt({ key, bytesPerSecond: rate });
    return { options: { throttle }, [Symbol.dispose]: () => this.#primary.tell("endTransfer", key) };
  }

  /** Takes the worker's part of a rate. */
  shareRate(share: RateOfKey): void {
    const throttle = this.#throttles.get(share.key) ?? this.#throttleAt(share);
    throttle.bytesPerSecond = share.bytesPerSecond;
  }

  sizeOf(owner: string): Promise<number> {
    const quota = this.#quotas.get(owner);
    if (quota === undefined) throw new Error("no login of this account is here");
    return quota.size();
  }

  yieldQuota(owner: string): number {
    return this.#quotas.get(owner)?.yield() ?? 0;
  }

  #throttleAt({ key, bytesPerSecond }: RateOfKey): ByteThrottle {
    const throttle = new ByteThrottle(bytesPerSecond);
    this.#throttles.set(key, throttle);
    return throttle;
  }
}
