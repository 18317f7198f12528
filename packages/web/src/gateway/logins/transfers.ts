import type { LoginEvent } from "../../api/api.ts";
import { bounds } from "../bounds.ts";
import { GatewayRefusal, problemOf } from "../problem.ts";
import { Shares } from "../shares.ts";
import type { EventStream } from "./event-stream.ts";

export interface TransferFacts {
  readonly id: string;
  readonly direction: "upload" | "download" | "copy";
  readonly path: string;
  readonly total: number | undefined;
  /** What is looked at, and not saved, is no transfer to a person: it counts, and nobody is told. */
  readonly isQuiet?: boolean;
}

/** One transfer of a login while it runs. */
export interface RunningTransfer {
  moved(bytes: number): void;
  done(): void;
  failed(error: unknown): void;
}

/** The transfers of the whole gateway. */
export function sharesOfTransfers(): Shares {
  return new Shares({ perHost: bounds.transfersPerHost, count: bounds.transfersCount, refusal: tooMany });
}

/** The transfers of a login, told to the pages that watch it, a few times a second. */
export class Transfers {
  readonly #events: EventStream;
  /** Takes one of the gateway's. */
  readonly #take: () => Disposable;
  #count = 0;

  constructor(events: EventStream, take: () => Disposable) {
    this.#events = events;
    this.#take = take;
  }

  get count(): number {
    return this.#count;
  }

  /** @throws {GatewayRefusal} SALLYPORT_TOO_MANY_TRANSFERS */
  begin({ isQuiet = false, ...facts }: TransferFacts, isCancelled: () => boolean): RunningTransfer {
    if (this.#count >= bounds.transfersPerLogin) throw tooMany();
    const share = this.#take();
    this.#count++;
    let bytes = 0;
    let toldAtMs = 0;
    let isOver = false;
    const tell = (state: Extract<LoginEvent, { kind: "transfer" }>["state"], error?: unknown): void => {
      if (isQuiet) return;
      const problem = error === undefined ? undefined : problemOf(error);
      this.#events.tell({ kind: "transfer", ...facts, bytes, state, ...(problem && { problem }) });
    };
    const end = (state: "done" | "failed" | "cancelled", error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      this.#count--;
      share[Symbol.dispose]();
      tell(state, error);
    };
    tell("running");
    return {
      moved: (reached) => {
        bytes = reached;
        const nowMs = performance.now();
        if (isOver || nowMs - toldAtMs < intervalMs) return;
        toldAtMs = nowMs;
        tell("running");
      },
      done: () => end("done"),
      failed: (error) => (isCancelled() ? end("cancelled") : end("failed", error)),
    };
  }
}

const intervalMs = 200;

function tooMany(): GatewayRefusal {
  return new GatewayRefusal(429, "SALLYPORT_TOO_MANY_TRANSFERS", "Too many transfers run at once: wait for one to end");
}
