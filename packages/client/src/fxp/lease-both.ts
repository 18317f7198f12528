import { UsageError } from "@sallyport/protocol";
import type { ConnectionPool, Lease } from "../pool/connection-pool.ts";
import type { Side } from "./ways.ts";

export type Leases = Readonly<Record<Side, Lease>> & Disposable;

/**
 * Takes a control connection to each of two servers. Copies in both directions at the same time do not wait for each
 * other's: every one takes its connections in the same order of pools, and two of one pool not beside another that does.
 *
 * @throws {UsageError} SALLYPORT_FXP_POOL for two connections of a pool that has one
 */
export async function leaseBoth(
  pools: Readonly<Record<Side, ConnectionPool>>,
  signal: AbortSignal | undefined,
): Promise<Leases> {
  if (pools.from === pools.to) return leaseTwo(pools.from, signal);
  const [first, second] = ordinalOf(pools.from) < ordinalOf(pools.to) ? sides : sides.toReversed();
  const leases: Partial<Record<Side, Lease>> = {};
  try {
    for (const side of [first, second]) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      if (side !== undefined) leases[side] = await pools[side].lease({ signal });
    }
    return together(leases);
  } catch (error) {
    for (const lease of Object.values(leases)) lease[Symbol.dispose]();
    throw error;
  }
}

const sides: readonly Side[] = ["from", "to"];
const ordinals = new WeakMap<ConnectionPool, number>();
let poolsCount = 0;

function ordinalOf(pool: ConnectionPool): number {
  const known = ordinals.get(pool);
  if (known !== undefined) return known;
  ordinals.set(pool, ++poolsCount);
  return poolsCount;
}

const turns = new WeakMap<ConnectionPool, Promise<unknown>>();

async function leaseTwo(pool: ConnectionPool, signal: AbortSignal | undefined): Promise<Leases> {
  const before = turns.get(pool);
  const taking = (before ?? Promise.resolve()).then(() => takeTwo(pool, signal));
  turns.set(
    pool,
    taking.catch(() => {}),
  );
  return taking;
}

async function takeTwo(pool: ConnectionPool, signal: AbortSignal | undefined): Promise<Leases> {
  if (pool.countMax < 2) {
    const message = "A copy within one server takes two control connections, and there may be one alone";
    throw new UsageError("SALLYPORT_FXP_POOL", message);
  }
  const from = await pool.lease({ signal });
  try {
    return together({ from, to: await pool.lease({ signal }) });
  } catch (error) {
    from[Symbol.dispose]();
    throw error;
  }
}

function together({ from, to }: Partial<Record<Side, Lease>>): Leases {
  if (from === undefined || to === undefined) throw new Error("two connections were to be taken");
  return {
    from,
    to,
    [Symbol.dispose]: () => {
      from[Symbol.dispose]();
      to[Symbol.dispose]();
    },
  };
}
