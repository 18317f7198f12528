import type { PrimaryCalls, WorkerCalls } from "./contract.ts";
import type { Exchange } from "./exchange.ts";

/** What a worker asks and tells the primary. */
export type LedgerExchange = Pick<Exchange<WorkerCalls, PrimaryCalls>, "ask" | "tell">;
