import { hostKey, type LimitValues, limitValues, normaliseAddress } from "@sallyport/protocol";
import { RecentMap } from "./recent-map.ts";
import type { Precedence } from "./precedence-lines.ts";

/** Why an address is not served, in the log's words: two bans, and the time until it may try again. */
export const banReasons = {
  wrongPasswords: "too many wrong passwords from this address",
  administrator: "the address was banned by the administrator",
  nextTurn: "a wrong password came from this address a moment ago",
} as const;

/** Who tries to log in; the name is absent as long as the peer has only connected. */
export interface LoginAttempt {
  readonly remoteAddress: string;
  readonly user?: string;
  /** The peer left before the answer to its password. */
  readonly abandoned?: boolean;
}

/** Whether an attempt may go on, after how long a wait, and before whom; `reason` is for the log. */
export type ThrottleVerdict =
  | { readonly kind: "admitted"; readonly delayMs: number; readonly precedence: Precedence }
  | { readonly kind: "refused"; readonly reason: string; readonly untilMs: number };

/** What follows from a wrong password: how long its reply waits, and until when the address is banned, if it is. */
export interface FailureVerdict {
  readonly delayMs: number;
  readonly bannedUntilMs?: number;
  /** Whether it is this wrong password that the ban begins with. */
  readonly banBegins?: boolean;
}

/** What a {@link LoginThrottle} works with. */
export interface LoginThrottleOptions {
  readonly limits?: Partial<LimitValues>;
  /** Addresses that are never delayed or banned, for example a monitoring host; net.BlockList fits. */
  readonly exempt?: { check(address: string, family: "ipv4" | "ipv6"): boolean };
  readonly now?: () => number;
}

/**
 * Slows down who guesses passwords (RFC 2577 §5, S-13), without help from accounts, so that names which do not exist
 * are treated like all others.
 *
 * - An address (IPv6: its /64) waits longer for each wrong password, whichever of its connections tries next, and is
 *   banned after too many of them. While it waits no new connection of it is served, which spares a handshake, unless
 *   somebody has logged in from there: many may share an address.
 * - Who leaves before the answer is counted as well, or guesses that wait for none would never end.
 * - A name with too many wrong passwords, from wherever, makes strangers queue: one attempt a second, and those that
 *   would wait too long are refused unchecked. Addresses where the name has logged in before are no strangers, so that
 *   nobody locks the owner out.
 * - A good login forgives the wrong passwords of the same name at the same address, and no others: who owns one
 *   account does not get free guesses at the rest.
 *
 * What is remembered is bounded; the longest untouched is forgotten first. Bans are kept apart, so that a flood of new
 * addresses does not end them.
 */
export class LoginThrottle {
  #limits: LimitValues;
  readonly #exempt: LoginThrottleOptions["exempt"];
  readonly #now: () => number;
  readonly #addresses: RecentMap<AddressRecord>;
  readonly #bans: RecentMap<BanRecord>;
  readonly #names: RecentMap<NameRecord>;
  readonly #trust: RecentMap<number>;
  /** Where anybody has logged in, and when. */
  readonly #homes: RecentMap<number>;

  constructor(options: LoginThrottleOptions = {}) {
    this.#limits = limitValues(options.limits);
    this.#exempt = options.exempt;
    this.#now = options.now ?? Date.now;
    this.#addresses = new RecentMap(this.#limits.throttledHostsCount);
    this.#bans = new RecentMap(this.#limits.throttledHostsCount);
    this.#names = new RecentMap(this.#limits.throttledNamesCount);
    this.#trust = new RecentMap(this.#limits.throttledNamesCount);
    this.#homes = new RecentMap(this.#limits.throttledHostsCount);
  }

  /** Takes other bounds from now on; what is remembered stays, and so does how much of it there can be. */
  limitsAre(limits: LimitValues): void {
    this.#limits = limits;
  }

  /**
   * Decides about a connection (no name given) or, before its password is checked, about a login. An admitted login
   * waits `delayMs` first; asking takes its place in the queue of the name.
   */
  judge(attempt: LoginAttempt): ThrottleVerdict {
    if (this.#isExempt(attempt)) return admittedAtOnce;
    const nowMs = this.#now();
    const host = hostKey(attempt.remoteAddress);
    const ban = this.#bans.get(host);
    if (ban !== undefined && nowMs < ban.untilMs) return { kind: "refused", reason: ban.reason, untilMs: ban.untilMs };
    if (attempt.user === undefined) return this.#judgeConnection(host, nowMs);
    if (this.#isTrusted(attempt, nowMs)) return admittedAtOnce;
    const address = this.#current(this.#addresses.get(host), nowMs);
    const name = this.#nameUnderAttack(attempt, nowMs);
    const nextTurnMs = Math.max(nowMs, address?.nextTurnMs ?? 0, name?.nextTurnMs ?? 0);
    const delayMs = nextTurnMs - nowMs;
    if (delayMs > this.#limits.loginWaitMs) {
      const isForName = name?.nextTurnMs === nextTurnMs;
      // What it would be told is known already; another connection would cost a handshake to hear it again.
      if (isForName) this.#holdBack(host, nowMs);
      const whose = isForName ? "for this name" : "from this address";
      return { kind: "refused", reason: `too many wrong passwords ${whose}`, untilMs: nextTurnMs };
    }
    if (name !== undefined) name.nextTurnMs = nextTurnMs + this.#limits.loginIntervalMs;
    const isFailing = address !== undefined && address.failures > 0;
    if (isFailing) address.nextTurnMs = nextTurnMs + this.#delayOf(address);
    return { kind: "admitted", delayMs, precedence: isFailing ? "failing" : "unknown" };
  }

  /**
   * Counts a wrong password, or an attempt whose peer did not wait for the answer. An owner may leave as often as it
   * likes: a slow server is no reason to ban whose patience ends.
   */
  failed(attempt: LoginAttempt): FailureVerdict {
    if (this.#isExempt(attempt)) return { delayMs: 0 };
    const nowMs = this.#now();
    const isTrusted = this.#isTrusted(attempt, nowMs);
    if (isTrusted && attempt.abandoned === true) return { delayMs: 0 };
    if (!isTrusted) this.#countForName(attempt, nowMs);
    const key = hostKey(attempt.remoteAddress);
    const bannedUntilMs = this.#bans.get(key)?.untilMs ?? 0;
    // Checks that were under way when the ban began do not lengthen it.
    if (nowMs < bannedUntilMs) return { delayMs: this.#limits.loginDelayMaxMs, bannedUntilMs };
    const record = this.#current(this.#addresses.get(key), nowMs) ?? newAddressRecord(nowMs);
    const name = nameKey(attempt);
    record.failures += 1;
    record.byName.set(name, (record.byName.get(name) ?? 0) + 1);
    this.#addresses.set(key, record);
    const delayMs = this.#delayOf(record);
    record.nextTurnMs = Math.max(record.nextTurnMs, nowMs + delayMs);
    if (record.failures < this.#limits.loginFailuresPerHostCount) return { delayMs };
    this.#addresses.delete(key);
    return { delayMs, bannedUntilMs: this.#ban(key, nowMs, banReasons.wrongPasswords), banBegins: true };
  }

  /** Remembers where a name logged in, and forgives its own wrong passwords from there. */
  succeeded(attempt: LoginAttempt): void {
    const host = hostKey(attempt.remoteAddress);
    this.#trust.set(pairKey(attempt), this.#now());
    this.#homes.set(host, this.#now());
    const record = this.#addresses.get(host);
    if (record === undefined) return;
    const name = nameKey(attempt);
    record.failures -= record.byName.get(name) ?? 0;
    record.byName.delete(name);
  }

  /** Bans an address as wrong passwords would, and for as long; returns until when. Exempt addresses stay exempt. */
  ban(remoteAddress: string): number {
    const key = hostKey(remoteAddress);
    this.#addresses.delete(key);
    return this.#ban(key, this.#now(), banReasons.administrator);
  }

  /** Ends the ban of an address and forgets its wrong passwords; says whether it was banned. */
  forgive(remoteAddress: string): boolean {
    const key = hostKey(remoteAddress);
    this.#addresses.delete(key);
    return this.#bans.delete(key);
  }

  #isExempt({ remoteAddress }: LoginAttempt): boolean {
    if (this.#exempt === undefined) return false;
    const address = normaliseAddress(remoteAddress)?.split("%")[0];
    return address !== undefined && this.#exempt.check(address, address.includes(":") ? "ipv6" : "ipv4");
  }

  #judgeConnection(host: string, nowMs: number): ThrottleVerdict {
    const lastMs = this.#homes.get(host);
    if (lastMs !== undefined && nowMs - lastMs < this.#limits.loginTrustMs) return admittedAtOnce;
    const address = this.#current(this.#addresses.get(host), nowMs);
    const untilMs = Math.max(address?.nextTurnMs ?? 0, address?.heldBackUntilMs ?? 0);
    if (untilMs - nowMs > nextTurnSoonMs) return { kind: "refused", reason: banReasons.nextTurn, untilMs };
    return { ...admittedAtOnce, precedence: (address?.failures ?? 0) > 0 ? "failing" : "unknown" };
  }

  #holdBack(host: string, nowMs: number): void {
    const record = this.#current(this.#addresses.get(host), nowMs) ?? newAddressRecord(nowMs);
    record.heldBackUntilMs = nowMs + this.#limits.loginDelayMaxMs;
    this.#addresses.set(host, record);
  }

  #isTrusted(attempt: LoginAttempt, nowMs: number): boolean {
    const lastMs = this.#trust.get(pairKey(attempt));
    return lastMs !== undefined && nowMs - lastMs < this.#limits.loginTrustMs;
  }

  #delayOf({ failures }: AddressRecord): number {
    const { loginDelayMs, loginDelayMaxMs } = this.#limits;
    return doubled(loginDelayMs, failures - 1, loginDelayMaxMs);
  }

  /** The record of a name that strangers have to queue for. */
  #nameUnderAttack(attempt: LoginAttempt, nowMs: number): NameRecord | undefined {
    const record = this.#current(this.#names.get(nameKey(attempt)), nowMs);
    return record !== undefined && record.failures >= this.#limits.loginFailuresPerNameCount ? record : undefined;
  }

  #countForName(attempt: LoginAttempt, nowMs: number): void {
    const name = nameKey(attempt);
    const record = this.#current(this.#names.get(name), nowMs) ?? { failures: 0, sinceMs: nowMs, nextTurnMs: nowMs };
    record.failures += 1;
    this.#names.set(name, record);
  }

  /** Each ban of an address is twice as long as the one before, until it has behaved for the longest ban. */
  #ban(key: string, nowMs: number, reason: string): number {
    const { loginBanMs, loginBanMaxMs } = this.#limits;
    const before = this.#bans.get(key);
    const count = before === undefined || nowMs - before.untilMs > loginBanMaxMs ? 0 : before.count;
    const untilMs = nowMs + doubled(loginBanMs, count, loginBanMaxMs);
    this.#bans.set(key, { untilMs, count: count + 1, reason });
    return untilMs;
  }

  #current<Counted extends { readonly sinceMs: number }>(
    record: Counted | undefined,
    nowMs: number,
  ): Counted | undefined {
    return record !== undefined && nowMs - record.sinceMs < this.#limits.loginWindowMs ? record : undefined;
  }
}

interface AddressRecord {
  failures: number;
  readonly sinceMs: number;
  /** At most as many names as failures before a ban. */
  readonly byName: Map<string, number>;
  nextTurnMs: number;
  /** Until then no new connection is served, though other names may have their turns on those that are. */
  heldBackUntilMs: number;
}

function newAddressRecord(nowMs: number): AddressRecord {
  return { failures: 0, sinceMs: nowMs, byName: new Map(), nextTurnMs: nowMs, heldBackUntilMs: 0 };
}

interface NameRecord {
  failures: number;
  readonly sinceMs: number;
  nextTurnMs: number;
}

interface BanRecord {
  readonly untilMs: number;
  readonly count: number;
  readonly reason: string;
}

/** The reply to a wrong password comes when the next turn does, give or take; its peer may try again at once. */
const nextTurnSoonMs = 250;

const admittedAtOnce = { kind: "admitted", delayMs: 0, precedence: "trusted" } as const satisfies ThrottleVerdict;

/** Longer names than any account can have are cut, and copied: a slice would keep the whole text in memory. */
function nameKey({ user = "" }: LoginAttempt): string {
  return user.length <= 64 ? user : Buffer.from(user.slice(0, 64), "utf8").toString("utf8");
}

function pairKey(attempt: LoginAttempt): string {
  return `${hostKey(attempt.remoteAddress)} ${nameKey(attempt)}`;
}

function doubled(firstMs: number, times: number, mostMs: number): number {
  return Math.min(mostMs, firstMs * 2 ** times);
}
