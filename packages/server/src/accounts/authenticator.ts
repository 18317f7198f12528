import type { Account } from "./account.ts";
import type { QueuePlace } from "./work-queue.ts";

/** What is known about the peer when it says who it is. */
export interface LoginFacts extends QueuePlace {
  /** The peer's address, IPv4-mapped IPv6 written as IPv4. */
  readonly remoteAddress: string;
  /** HOST or SNI name, where one was given. */
  readonly host?: string;
  readonly tls: boolean;
  /** Verified client certificate: SHA-256 fingerprint (lower-case hex), subject, and DNS/e-mail alternative names. */
  readonly clientCertificate?: {
    readonly fingerprint: string;
    readonly subject: string;
    readonly alternativeNames: readonly string[];
  };
  /** Who the peer is by Kerberos, with the names of the accounts that it may log in as. */
  readonly principal?: { readonly name: string; readonly accountNames: readonly string[] };
}

/** The answer to a login. */
export type LoginVerdict =
  | { readonly kind: "accepted"; readonly account: Account }
  /** Not let in; the peer is told nothing more. `reason` is for the log, where it is not a wrong name or password. */
  | { readonly kind: "refused"; readonly reason?: string }
  /** Come back later: too many attempts, or the account's connection limit; `reason` is for the log. */
  | { readonly kind: "throttled"; readonly reason: string }
  /** The backend is down; `reason` is for the log. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** A login as its authenticator let it in. */
export interface PastLogin {
  readonly user: string;
  readonly account: Account;
  readonly method: "password" | "client-certificate" | "kerberos" | "anonymous" | "open";
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
  readonly facts: LoginFacts;
}

/** What became of an account since somebody logged in; `account` is as it is now, `reason` is for the log. */
export type LoginReview =
  | { readonly kind: "stays"; readonly account: Account }
  | { readonly kind: "ended"; readonly reason: string };

/** Decides who may log in. Rejections are for broken backends alone; they are logged and answered as `unavailable`. */
export interface Authenticator {
  /**
   * Answers USER where the facts alone decide: an account for a mapped client certificate or a Kerberos principal (reply
   * 232) or one without a password (230). Undefined: a password is asked for, also for names that do not exist (S-12). Absent: always asks.
   */
  identify?(user: string, facts: LoginFacts): Promise<Account | undefined>;

  /**
   * Whether a name logs in without a secret, so that the password is asked for as an e-mail address (RFC 1635) and need
   * not be masked. Absent: no name does.
   */
  isAnonymous?(user: string): boolean;

  /**
   * Checks a password, in the same time for unknown users. Name and password are text: the octets of USER and PASS read
   * as UTF-8, or as Latin-1 where they are not valid UTF-8.
   */
  authenticate(user: string, password: string, facts: LoginFacts): Promise<LoginVerdict>;

  /**
   * Looks at a login again, after accounts may have changed. Undefined: nothing is known that speaks against it, or it
   * was not this authenticator that let it in. Absent: logins stay as they are.
   */
  review?(login: PastLogin): Promise<LoginReview | undefined>;
}
