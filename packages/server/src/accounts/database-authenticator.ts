import type { Account } from "./account.ts";
import { AccountError } from "./account-error.ts";
import type { CertificateMapping, StoredAccount } from "./account-record.ts";
import type { Authenticator, LoginFacts, LoginReview, LoginVerdict, PastLogin } from "./authenticator.ts";
import type { QueuePlace } from "./work-queue.ts";
import { type PasswordHasher, unmatchableHash } from "./password-hash.ts";

/** What the authenticator asks of a place that keeps accounts; see AccountDatabase for the meaning of each. */
export interface AccountSource {
  find(name: string): Promise<StoredAccount | undefined>;
  namesOfCertificate(properties: readonly CertificateMapping[]): Promise<readonly string[]>;
  decoyHash(name: string): Promise<string | undefined>;
  replacePasswordHash(name: string, from: string, to: string): Promise<boolean>;
}

/** What a {@link DatabaseAuthenticator} works with. */
export interface DatabaseAuthenticatorOptions {
  readonly accounts: AccountSource;
  readonly hasher: PasswordHasher;
  /** Whether imported and outdated hashes become argon2id at the next good login. Absent: yes. */
  readonly rehash?: boolean;
  /** For accounts that do not say: `login` (default), `required` or `off`; see Account.clientCertificate. */
  readonly clientCertificate?: NonNullable<Account["clientCertificate"]>;
  readonly now?: () => number;
}

/**
 * Checks logins against kept accounts. A name that does not exist, an account without a password, a disabled and an
 * expired one cost the same hash as a wrong password and give the same verdict (S-12): each name without a usable hash
 * is checked against the hash of some account, always the same one, so that even a mixture of imported schemes tells
 * nothing.
 */
export class DatabaseAuthenticator implements Authenticator, AsyncDisposable {
  readonly #accounts: AccountSource;
  readonly #hasher: PasswordHasher;
  readonly #rehash: boolean;
  readonly #clientCertificate: NonNullable<Account["clientCertificate"]>;
  readonly #now: () => number;
  readonly #unmatchable = unmatchableHash();
  readonly #rehashing = new Set<Promise<void>>();

  constructor(options: DatabaseAuthenticatorOptions) {
    this.#accounts = options.accounts;
    this.#hasher = options.hasher;
    this.#rehash = options.rehash ?? true;
    this.#clientCertificate = options.clientCertificate ?? "login";
    this.#now = options.now ?? Date.now;
  }

  /**
   * Answers with the account of a mapped client certificate or a Kerberos principal. What is proven is looked up first
   * and the name only compared, so that a holder of some certificate or ticket learns nothing about other names.
   */
  async identify(user: string, facts: LoginFacts): Promise<Account | undefined> {
    if (facts.principal !== undefined) return this.#ofPrincipal(user, facts.principal.accountNames);
    const names = await this.#certificateNames(facts);
    if (!names.includes(user)) return undefined;
    const stored = await this.#accounts.find(user);
    if (stored === undefined || this.#closedBecause(stored) !== undefined) return undefined;
    const isEnough = this.#policyOf(stored) === "login" && stored.account.gssapi !== "required";
    return isEnough ? stored.account : undefined;
  }

  async authenticate(user: string, password: string, facts: LoginFacts): Promise<LoginVerdict> {
    try {
      const stored = await this.#accounts.find(user);
      const certificateNames = await this.#certificateNames(facts);
      const matches = await this.#passwordMatches(user, password, stored, facts);
      if (!matches || stored === undefined) return { kind: "refused" };
      const reason = this.#closedBecause(stored) ?? this.#certificateProblem(stored, certificateNames);
      if (reason !== undefined) return { kind: "refused", reason };
      this.#rehashLater(stored, password);
      return { kind: "accepted", account: stored.account };
    } catch (error) {
      if (error instanceof AccountError && error.kind === "busy") return { kind: "unavailable", reason: error.message };
      throw error;
    }
  }

  /**
   * Ends logins of accounts that are gone, closed, or whose proof has changed since: whoever changes a password does not
   * want its old holder in.
   */
  async review({ user, account, method, sinceMs, facts }: PastLogin): Promise<LoginReview | undefined> {
    if (account.anonymous) return undefined;
    const stored = await this.#accounts.find(account.name);
    const reason = stored === undefined ? "the account was removed" : this.#endedBecause(stored, method, sinceMs);
    if (stored === undefined || reason !== undefined) return { kind: "ended", reason: reason ?? "" };
    const proof = proofs[method];
    if (proof !== undefined && (await this.identify(user, facts)) === undefined) {
      return { kind: "ended", reason: `the ${proof} is the account's no longer` };
    }
    return { kind: "stays", account: stored.account };
  }

  /** Waits for hashes that are being replaced. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#rehashing);
  }

  async #passwordMatches(
    user: string,
    password: string,
    stored: StoredAccount | undefined,
    place: QueuePlace,
  ): Promise<boolean> {
    // Asked for known names, too: the question takes its time.
    const decoy = await this.#accounts.decoyHash(user);
    const own = this.#usable(stored?.passwordHash);
    const hash = own ?? this.#usable(decoy) ?? this.#unmatchable;
    const verdict = await this.#hasher.verify(password, hash, place);
    return own !== undefined && verdict === "match";
  }

  async #ofPrincipal(user: string, accountNames: readonly string[]): Promise<Account | undefined> {
    if (!accountNames.includes(user)) return undefined;
    const stored = await this.#accounts.find(user);
    if (stored === undefined || this.#closedBecause(stored) !== undefined) return undefined;
    // Who demands two proofs does not mean one of another kind; a connection by ticket has no certificate to show.
    const { gssapi = this.#policyOf(stored) === "required" ? "off" : "login" } = stored.account;
    return gssapi === "off" ? undefined : stored.account;
  }

  #usable(hash: string | undefined): string | undefined {
    return hash === undefined || this.#hasher.refusal(hash) !== undefined ? undefined : hash;
  }

  #endedBecause(stored: StoredAccount, method: PastLogin["method"], sinceMs: number): string | undefined {
    const { createdMs, passwordHash, passwordChangedMs = 0 } = stored;
    if (createdMs >= sinceMs) return "the account was removed and made anew";
    const closed = this.#closedBecause(stored);
    if (closed !== undefined || method !== "password") return closed;
    if (stored.account.gssapi === "required") return needsKerberos;
    return passwordHash === undefined || passwordChangedMs >= sinceMs ? "the password was changed" : undefined;
  }

  #closedBecause({ enabled, expiresMs }: StoredAccount): string | undefined {
    if (!enabled) return "the account is disabled";
    return expiresMs !== undefined && this.#now() >= expiresMs ? "the account has expired" : undefined;
  }

  #policyOf(stored: StoredAccount): NonNullable<Account["clientCertificate"]> {
    return stored.account.clientCertificate ?? this.#clientCertificate;
  }

  /** A certificate that belongs to others speaks against this name (R-TLS-40); one that is unknown says nothing. */
  #certificateProblem(stored: StoredAccount, certificateNames: readonly string[]): string | undefined {
    const policy = this.#policyOf(stored);
    if (stored.account.gssapi === "required") return needsKerberos;
    if (policy === "off" || certificateNames.includes(stored.account.name)) return undefined;
    if (certificateNames.length > 0) return "the client certificate belongs to another account";
    return policy === "login" ? undefined : "the account needs its client certificate";
  }

  async #certificateNames(facts: LoginFacts): Promise<readonly string[]> {
    const certificate = facts.clientCertificate;
    if (certificate === undefined) return [];
    const properties: CertificateMapping[] = [
      { kind: "fingerprint", value: certificate.fingerprint },
      { kind: "subject", value: certificate.subject },
      ...certificate.alternativeNames.map((value) => ({ kind: "name", value }) as const),
    ];
    return this.#accounts.namesOfCertificate(properties);
  }

  /** Neither delays nor endangers the login that it follows; what failed is tried at the next. */
  #rehashLater(stored: StoredAccount, password: string): void {
    const from = stored.passwordHash;
    if (!this.#rehash || from === undefined || !this.#hasher.isOutdated(from)) return;
    const work = this.#hasher
      .hash(password)
      .then((to) => this.#accounts.replacePasswordHash(stored.account.name, from, to))
      .catch(() => false)
      .then(() => void this.#rehashing.delete(work));
    this.#rehashing.add(work);
  }
}

const needsKerberos = "the account needs Kerberos";

const proofs: Readonly<Partial<Record<PastLogin["method"], string>>> = {
  "client-certificate": "client certificate",
  kerberos: "Kerberos principal",
};
