import { limitValues } from "@sallyport/protocol";
import { OwnLedger } from "@sallyport/server";
import type { PrimaryCalls, WorkerCalls } from "../../src/workers/contract.ts";
import { Exchange } from "../../src/workers/exchange.ts";
import { RateShares } from "../../src/workers/rate-shares.ts";
import { RemoteLedger } from "../../src/workers/remote-ledger.ts";
import { WorkerHoldings } from "../../src/workers/worker-holdings.ts";

/** A worker's ledger and the primary's side of it, in one process. */
export interface LedgerPair {
  readonly remote: RemoteLedger;
  readonly holdings: WorkerHoldings;
  /** Ends the worker: nothing goes or comes any more, and what it held is given back. */
  end(): void;
}

/** The ledgers of several workers over one of their primary; what they say is cloned, and comes a turn later. */
export function ledgersOf(workersCount: number): { readonly own: OwnLedger; readonly workers: readonly LedgerPair[] } {
  const own = new OwnLedger(limitValues());
  const live = new Set<WorkerHoldings>();
  const kept = { ledger: own, rates: new RateShares(), holdings: live };
  const workers = Array.from({ length: workersCount }, (): LedgerPair => {
    const unused = () => {
      throw new Error("not asked here");
    };
    const workerSide: Exchange<WorkerCalls, PrimaryCalls> = new Exchange<WorkerCalls, PrimaryCalls>(
      { send: channelTo((message) => primarySide.receive(message)) },
      {
        begin: unused,
        serve: unused,
        replaceIdentities: unused,
        reconfigure: unused,
        reviewLogins: unused,
        connections: unused,
        disconnect: unused,
        close: unused,
        shareRate: (share) => void remote.shareRate(share),
        sizeOf: (owner) => remote.sizeOf(owner),
        yieldQuota: (owner) => remote.yieldQuota(owner),
      },
    );
    const holdings: WorkerHoldings = new WorkerHoldings(kept, () => primarySide);
    const primarySide: Exchange<PrimaryCalls, WorkerCalls> = new Exchange<PrimaryCalls, WorkerCalls>(
      { send: channelTo((message) => workerSide.receive(message)) },
      { ...holdings.handlers, report: unused, took: unused, gone: unused },
    );
    const remote = new RemoteLedger(workerSide, own.identityKey);
    live.add(holdings);
    const end = () => {
      live.delete(holdings);
      for (const side of [workerSide, primarySide]) side.close(new Error("the worker ended"));
      holdings.release();
    };
    return { remote, holdings, end };
  });
  return { own, workers };
}

/** A way as Node's channel is: what comes in one read is heard message after message, with no promise settled between. */
function channelTo(receive: (message: unknown) => void): (message: unknown) => void {
  let coming: unknown[] = [];
  return (message) => {
    coming.push(structuredClone(message));
    if (coming.length > 1) return;
    setImmediate(() => {
      const read = coming;
      coming = [];
      for (const one of read) process.nextTick(receive, one);
    });
  };
}
