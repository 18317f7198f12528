import { type QuotaAccount, sizeOf, type Storage } from "@sallyport/server/storage";
import type { LedgerExchange } from "./ledger-exchange.ts";

/** So much is leased ahead at most: at 1 GiB/s the primary is asked 256 times a second. */
const aheadBytes = 4_194_304;

/**
 * An account's quota as a worker sees it. The primary keeps the count; the worker leases octets of it, some ahead of
 * need, so that an upload rarely waits. What is leased counts as used, so that all workers together never pass the limit.
 */
export class LeasedQuota implements QuotaAccount {
  limitBytes: number;
  readonly #owner: string;
  readonly #primary: LedgerExchange;
  #leasedBytes = 0;
  #heldBytes = 0;
  #storage: Storage | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(owner: string, limitBytes: number, primary: LedgerExchange) {
    this.#owner = owner;
    this.limitBytes = limitBytes;
    this.#primary = primary;
  }

  async count(storage: Storage): Promise<void> {
    this.#storage = storage;
    await this.#primary.ask("countQuota", { owner: this.#owner, limitBytes: this.limitBytes });
  }

  /** Looks what there is, for the primary. */
  async size(): Promise<number> {
    if (this.#storage === undefined) throw new Error("no login of this account is here");
    return sizeOf(this.#storage);
  }

  free(): Promise<number> {
    return this.#primary.ask("freeQuota", this.#owner);
  }

  hold(bytes: number): boolean | Promise<boolean> {
    if (this.#heldBytes + bytes > this.#leasedBytes) return this.#lease(bytes);
    this.#heldBytes += bytes;
    // What an upload gives back has become a file's, or nobody's; the primary counts it from now on.
    if (bytes < 0) this.#return(this.#heldBytes === 0 ? this.#leasedBytes : -bytes);
    return true;
  }

  add(bytes: number): void {
    this.#primary.tell("addQuota", { owner: this.#owner, bytes });
  }

  doubt(): void {
    this.#primary.tell("doubtQuota", this.#owner);
  }

  exclusively<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      await this.#primary.ask("enterQuota", this.#owner);
      try {
        return await operation();
      } finally {
        this.#primary.tell("leaveQuota", this.#owner);
      }
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Gives up what nothing holds, without telling: whoever asked for it counts it. */
  yield(): number {
    const spareBytes = this.#leasedBytes - this.#heldBytes;
    this.#leasedBytes = this.#heldBytes;
    return spareBytes;
  }

  /**
   * Asks for all that is held by this, whatever is spare: what two ask for at once is not promised twice, and what is
   * granted cannot be called back before it is held.
   */
  async #lease(neededBytes: number): Promise<boolean> {
    const grantedBytes = await this.#primary.ask("leaseQuota", { owner: this.#owner, neededBytes, aheadBytes });
    if (grantedBytes === 0) return false;
    this.#leasedBytes += grantedBytes;
    this.#heldBytes += neededBytes;
    return true;
  }

  #return(bytes: number): void {
    this.#leasedBytes -= bytes;
    this.#primary.tell("returnQuota", { owner: this.#owner, bytes });
  }
}
