import type { Account } from "@sallyport/server/accounts";

/** Counts logins of each account, so that {@link Account.connectionsMax} holds. */
export class LoginCounts {
  readonly #accountOf = new Map<number, string>();
  readonly #counts = new Map<string, number>();

  /** Counts a connection as the account's, and no longer as another's; false where the account has its fill. */
  claim(connection: number, account: Pick<Account, "name" | "connectionsMax">): boolean {
    this.release(connection);
    const count = this.#counts.get(account.name) ?? 0;
    if (account.connectionsMax !== undefined && count >= account.connectionsMax) return false;
    this.#counts.set(account.name, count + 1);
    this.#accountOf.set(connection, account.name);
    return true;
  }

  release(connection: number): void {
    const name = this.#accountOf.get(connection);
    if (name === undefined) return;
    this.#accountOf.delete(connection);
    const count = (this.#counts.get(name) ?? 1) - 1;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
