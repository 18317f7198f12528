import { hostKey, type LimitValues } from "@sallyport/protocol";
import { randomBytes } from "node:crypto";
import {
  type Account,
  type FailureVerdict,
  type LoginAttempt,
  LoginThrottle,
  type ThrottleVerdict,
} from "@sallyport/server/accounts";
import { type QuotaUsage, QuotaUsages } from "@sallyport/server/storage";
import { LoginCounts } from "../login/login-counts.ts";
import { AccountRates } from "../transfer/account-rates.ts";
import { ConnectionPlaces } from "./connection-places.ts";
import type { Admission, RateShare, ServerLedger, TransferDirection } from "./ledger.ts";

/** The ledger of a server that keeps its own: everything lies in the memory of this process. */
export class OwnLedger implements ServerLedger {
  readonly identityKey = randomBytes(16).toString("base64url");
  readonly throttle: LoginThrottle;
  readonly #places: ConnectionPlaces;
  readonly #logins = new LoginCounts();
  readonly #usages = new QuotaUsages();
  readonly #rates = new AccountRates();
  #connectionsBegun = 0;

  constructor(limits: LimitValues) {
    this.#places = new ConnectionPlaces(limits);
    this.throttle = new LoginThrottle({ limits });
  }

  /** Connections that are open at the moment. */
  get connectionsCount(): number {
    return this.#places.takenCount;
  }

  /** Takes other limits for connections that come from now on. */
  limitsAre(limits: LimitValues): void {
    this.#places.limitsAre(limits);
    this.throttle.limitsAre(limits);
  }

  async admit(remoteAddress: string): Promise<Admission> {
    await this.#places.untilOneIsFree(hostKey(remoteAddress));
    return this.#admitNow(remoteAddress);
  }

  /** As {@link admit}, without a wait; undefined where it would wait for a place. */
  admitAtOnce(remoteAddress: string): Admission | undefined {
    return this.#places.lackOf(hostKey(remoteAddress)) === undefined ? this.#admitNow(remoteAddress) : undefined;
  }

  closed(connection: number): void {
    this.#logins.release(connection);
    this.#places.release(connection);
  }

  async judge(attempt: LoginAttempt): Promise<ThrottleVerdict> {
    return this.throttle.judge(attempt);
  }

  async failed(attempt: LoginAttempt): Promise<FailureVerdict> {
    return this.throttle.failed(attempt);
  }

  succeeded(attempt: LoginAttempt): void {
    this.throttle.succeeded(attempt);
  }

  async claimLogin(connection: number, account: Pick<Account, "name" | "connectionsMax">): Promise<boolean> {
    return this.#logins.claim(connection, account);
  }

  releaseLogin(connection: number): void {
    this.#logins.release(connection);
  }

  quotaOf(owner: string, limitBytes: number): QuotaUsage {
    return this.#usages.of(owner, limitBytes);
  }

  async beginTransfer(account: Account, direction: TransferDirection): Promise<RateShare> {
    return { options: this.#rates.limit(account, direction), [Symbol.dispose]: () => undefined };
  }

  #admitNow(remoteAddress: string): Admission {
    const host = hostKey(remoteAddress);
    const cause = this.#places.lackOf(host);
    if (cause !== undefined) return { kind: "refused", cause };
    const judgement = this.throttle.judge({ remoteAddress });
    if (judgement.kind === "refused") return { kind: "refused", cause: judgement.reason };
    const connection = ++this.#connectionsBegun;
    this.#places.take(connection, host);
    return { kind: "admitted", connection, precedence: judgement.precedence };
  }
}
