import type { OwnLedger } from "@sallyport/server";
import type { QuotaUsage } from "@sallyport/server/storage";
import type { PrimaryCalls, RateOfKey, WorkerCalls } from "./contract.ts";
import type { Exchange, Handlers } from "./exchange.ts";
import type { RateShares, RateTaker } from "./rate-shares.ts";

/** What the primary keeps for all workers. */
export interface Kept {
  readonly ledger: OwnLedger;
  readonly rates: RateShares;
  /** The holdings of all workers that live. */
  readonly holdings: ReadonlySet<WorkerHoldings>;
}

type Worker = () => Pick<Exchange<PrimaryCalls, WorkerCalls>, "ask" | "tell">;

/** The part of the contract that is about the ledger. */
type LedgerCalls = Omit<PrimaryCalls, "report" | "took" | "gone">;

/**
 * What one worker holds of the server's ledger. It answers the worker's asks, and gives everything back when the worker
 * ends, however it ends.
 */
export class WorkerHoldings implements RateTaker {
  readonly #kept: Kept;
  readonly #worker: Worker;
  readonly #connections = new Set<number>();
  readonly #leases = new Map<string, { readonly usage: QuotaUsage; bytes: number }>();
  /** Ends the turns that it has. */
  readonly #turns = new Map<string, () => void>();
  #ended = false;

  constructor(kept: Kept, worker: Worker) {
    this.#kept = kept;
    this.#worker = worker;
  }

  /** Counts a connection as the worker's that the primary has admitted for it. */
  take(connection: number): void {
    this.#connections.add(connection);
  }

  shareRate(share: RateOfKey): void {
    this.#worker().tell("shareRate", share);
  }

  readonly handlers: Handlers<LedgerCalls> = {
    admit: async (remoteAddress) => {
      const admission = await this.#kept.ledger.admit(remoteAddress);
      if (admission.kind !== "admitted") return admission;
      if (this.#ended) this.#kept.ledger.closed(admission.connection);
      else this.take(admission.connection);
      return admission;
    },
    closed: (connection) => {
      if (this.#connections.delete(connection)) this.#kept.ledger.closed(connection);
    },
    judge: (attempt) => this.#kept.ledger.judge(attempt),
    failed: (attempt) => this.#kept.ledger.failed(attempt),
    succeeded: (attempt) => this.#kept.ledger.succeeded(attempt),
    claimLogin: ({ connection, account: name, connectionsMax }) =>
      this.#kept.ledger.claimLogin(connection, { name, ...(connectionsMax !== undefined && { connectionsMax }) }),
    releaseLogin: (connection) => this.#kept.ledger.releaseLogin(connection),

    beginTransfer: (rate) => this.#kept.rates.begin(this, rate),
    endTransfer: (key) => this.#kept.rates.end(this, key),

    countQuota: ({ owner, limitBytes }) => {
      const usage = this.#kept.ledger.quotaOf(owner, limitBytes);
      if (!this.#leases.has(owner)) this.#leases.set(owner, { usage, bytes: 0 });
      return usage.counted(() => this.#worker().ask("sizeOf", owner));
    },
    freeQuota: async (owner) => {
      await this.#callBack(owner);
      return this.#usage(owner).freeBytes;
    },
    leaseQuota: ({ owner, neededBytes, aheadBytes }) => this.#lease(owner, neededBytes, aheadBytes),
    returnQuota: ({ owner, bytes }) => this.#giveBack(owner, bytes),
    addQuota: ({ owner, bytes }) => this.#usage(owner).add(bytes),
    doubtQuota: (owner) => this.#usage(owner).doubt(),
    enterQuota: (owner) => this.#enter(owner),
    leaveQuota: (owner) => {
      this.#turns.get(owner)?.();
      this.#turns.delete(owner);
    },
  };

  /** Asks for what is leased and not needed, which counts as free from then on. */
  async yield(owner: string): Promise<void> {
    if ((this.#leases.get(owner)?.bytes ?? 0) === 0) return;
    // A worker that has ended has given back everything.
    const bytes = await this.#worker()
      .ask("yieldQuota", owner)
      .catch(() => 0);
    this.#giveBack(owner, bytes);
  }

  /** The worker has ended. */
  release(): void {
    this.#ended = true;
    const { ledger, rates } = this.#kept;
    for (const connection of this.#connections) ledger.closed(connection);
    this.#connections.clear();
    rates.leave(this);
    for (const [owner, { usage, bytes }] of this.#leases) {
      this.#giveBack(owner, bytes);
      // What it published in its last moment may not have been told.
      usage.lost();
    }
    this.#leases.clear();
    for (const leave of this.#turns.values()) leave();
    this.#turns.clear();
  }

  async #lease(owner: string, neededBytes: number, aheadBytes: number): Promise<number> {
    const usage = this.#usage(owner);
    if (neededBytes > usage.freeBytes) await this.#callBack(owner);
    const lease = this.#leases.get(owner);
    if (this.#ended || lease === undefined || !usage.hold(neededBytes)) return 0;
    // Near the limit less is leased ahead, so that little has to be called back.
    const share = Math.floor(usage.freeBytes / (2 * this.#kept.holdings.size));
    const moreBytes = Math.min(aheadBytes, share);
    usage.hold(moreBytes);
    lease.bytes += neededBytes + moreBytes;
    return neededBytes + moreBytes;
  }

  async #callBack(owner: string): Promise<void> {
    await Promise.all([...this.#kept.holdings].map((holdings) => holdings.yield(owner)));
  }

  #giveBack(owner: string, bytes: number): void {
    const lease = this.#leases.get(owner);
    if (lease === undefined) return;
    const returned = Math.min(bytes, lease.bytes);
    lease.bytes -= returned;
    lease.usage.hold(-returned);
  }

  #enter(owner: string): Promise<void> {
    const usage = this.#usage(owner);
    return new Promise((entered) => {
      void usage.exclusively(
        () =>
          new Promise<void>((leave) => {
            if (this.#ended) leave();
            else this.#turns.set(owner, leave);
            entered();
          }),
      );
    });
  }

  #usage(owner: string): QuotaUsage {
    const lease = this.#leases.get(owner);
    if (lease === undefined) throw new Error(`the quota of ${owner} has not been counted`);
    return lease.usage;
  }
}
