import { rootPath } from "@sallyport/protocol";
import type { Account } from "./account.ts";
import type { Authenticator, LoginVerdict } from "./authenticator.ts";

/** What anonymous logins may do beyond reading; `readOnly: false` with permissions makes a drop-box (S-26). */
export type AnonymousAccount = Partial<Omit<Account, "name" | "anonymous">>;

/**
 * Lets anybody in as `anonymous` or `ftp`, with any password (RFC 1635, R-1635-01): read-only, unless the account says
 * otherwise. A server has anonymous access only where this authenticator was given to it.
 */
export class AnonymousAuthenticator implements Authenticator {
  readonly #account: Account;

  constructor(account: AnonymousAccount = {}) {
    const defaults = { home: rootPath, permissions: [], readOnly: true };
    this.#account = { ...defaults, ...account, name: "anonymous", anonymous: true };
  }

  isAnonymous(user: string): boolean {
    return anonymousNames.has(user.toLowerCase());
  }

  async authenticate(user: string): Promise<LoginVerdict> {
    return this.isAnonymous(user) ? { kind: "accepted", account: this.#account } : { kind: "refused" };
  }
}

const anonymousNames: ReadonlySet<string> = new Set(["anonymous", "ftp"]);
