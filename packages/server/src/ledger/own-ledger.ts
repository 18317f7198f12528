import type { LimitValues } from "@sallyport/protocol";
import { randomBytes } from "node:crypto";
import {
  type Account,
  type FailureVerdict,
  hostKey,
  type LoginAttempt,
  LoginThrottle,
  type ThrottleVerdict,
} from "@sallyport/server/accounts";
import { type QuotaUsage, QuotaUsages } from "@sallyport/server/storage";
import { LoginCounts } from "../login/login-counts.ts";
import { AccountRates } from "../transfer/account-rates.ts";
import type { Admission, RateShare, ServerLedger, TransferDirection } from "./ledger.ts";

/** The ledger of a server that keeps its own: everything lies in the memory of this process. */
export class OwnLedger implements ServerLedger {
  readonly identityKey = randomBytes(16).toString("base64url");
  readonly throttle: LoginThrottle;
  #limits: LimitValues;
  readonly #hosts = new Map<number, string>();
  readonly #perHost = new Map<string, number>();
  readonly #logins = new LoginCounts();
  readonly #usages = new QuotaUsages();
  readonly #rates = new AccountRates();
  #connectionsBegun = 0;

  constructor(limits: LimitValues) {
    this.#limits = limits;
    this.throttle = new LoginThrottle({ limits });
  }

  /** Connections that are open at the moment. */
  get connectionsCount(): number {
    return this.#hosts.size;
  }

  /** Takes other limits for connections that come from now on. */
  limitsAre(limits: LimitValues): void {
    this.#limits = limits;
    this.throttle.limitsAre(limits);
  }

  async admit(remoteAddress: string): Promise<Admission> {
    return this.admitNow(remoteAddress);
  }

  /** As {@link admit}, at once. */
  admitNow(remoteAddress: string): Admission {
    const host = hostKey(remoteAddress);
    const cause = this.#lackOfRoom(host);
    if (cause !== undefined) return { kind: "refused", cause };
    const judgement = this.throttle.judge({ remoteAddress });
    if (judgement.kind === "refused") return { kind: "refused", cause: judgement.reason };
    const connection = ++this.#connectionsBegun;
    this.#hosts.set(connection, host);
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
    return { kind: "admitted", connection, precedence: judgement.precedence };
  }

  closed(connection: number): void {
    this.#logins.release(connection);
    const host = this.#hosts.get(connection);
    if (host === undefined) return;
    this.#hosts.delete(connection);
    const left = (this.#perHost.get(host) ?? 1) - 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
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

  #lackOfRoom(host: string): string | undefined {
    if (this.#hosts.size >= this.#limits.connectionsCount) return "the server has too many connections";
    const ofHost = this.#perHost.get(host) ?? 0;
    return ofHost >= this.#limits.connectionsPerHostCount ? "this address has too many connections" : undefined;
  }
}
