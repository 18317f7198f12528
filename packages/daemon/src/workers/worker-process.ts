import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Precedence } from "@sallyport/server/accounts";
import type { ServiceEvent } from "../log/service-event.ts";
import type { Handover, PrimaryCalls, WorkerCalls } from "./contract.ts";
import { Exchange } from "./exchange.ts";
import { type Kept, WorkerHoldings } from "./worker-holdings.ts";

/** What a worker is started with. */
export interface WorkerProcessOptions {
  readonly slot: number;
  /** Path of the worker's program. */
  readonly program: string;
  readonly kept: Kept;
  readonly report: (events: readonly ServiceEvent[]) => void;
  /** Connections have arrived there, so that others can be sent. */
  readonly onTaken: () => void;
  /** The process is gone; what it said last may still be on its way. */
  readonly onExit: (worker: WorkerProcess) => void;
  /** A worker that does not take a connection for one to two of these is ended; absent: 7.5 seconds. */
  readonly standstillMs?: number | undefined;
}

/** A connection on its way to a worker. */
export interface Sent {
  readonly socket: Socket;
  readonly handover: Handover;
  readonly precedence: Precedence;
}

/** One worker as the primary sees it: a process, what it holds, and what is on its way to it. */
export class WorkerProcess {
  readonly slot: number;
  readonly holdings: WorkerHoldings;
  readonly exchange: Exchange<PrimaryCalls, WorkerCalls>;
  readonly startedMs = performance.now();
  /** Resolves when the process has ended and everything that it said is heard, with the cause in words. */
  readonly ended: Promise<string>;
  /** Whether it came so far as to take connections. */
  hasServed = false;
  readonly #child: ChildProcess;
  /** Those that have not arrived there, oldest first; this process keeps them open until they have. */
  readonly #sent: Sent[] = [];
  readonly #standstillMs: number;
  readonly #onTaken: () => void;
  #watching: NodeJS.Timeout | undefined;
  #socketsCount = 0;
  #killCause: string | undefined;

  constructor({ slot, program, kept, report, onTaken, onExit, standstillMs }: WorkerProcessOptions) {
    this.slot = slot;
    this.#onTaken = onTaken;
    this.#standstillMs = standstillMs ?? usualStandstillMs;
    // What a dying worker prints is for people; standard output is the log's.
    this.#child = fork(program, [], {
      serialization: "advanced",
      stdio: ["ignore", 2, 2, "ipc"],
      execArgv: [...process.execArgv, smallYoungGeneration],
    });
    const child = this.#child;
    const port = {
      send: (message: object, socket?: Socket, done?: (error: Error | null) => void) =>
        void child.send(message, socket, { keepOpen: true }, done),
    };
    const exchange: Exchange<PrimaryCalls, WorkerCalls> = new Exchange<PrimaryCalls, WorkerCalls>(port, {
      ...(this.holdings = new WorkerHoldings(kept, () => exchange)).handlers,
      report,
      took: (count) => this.#letGo(count),
      gone: (count) => void (this.#socketsCount -= count),
    });
    this.exchange = exchange;
    child.on("message", (message: unknown) => exchange.receive(message));
    this.ended = endOf(child, () => onExit(this)).then((end) => {
      const cause = this.#killCause ?? end;
      clearTimeout(this.#watching);
      exchange.close(new Error(`the worker ended: ${cause}`));
      this.holdings.release();
      return cause;
    });
  }

  /** 0 where the system did not start it. */
  get processId(): number {
    return this.#child.pid ?? 0;
  }

  /** Connections that it serves or that are on their way to it. */
  get load(): number {
    return this.#socketsCount;
  }

  /**
   * Whether one more may be on its way. The channel sends one socket when the one before has arrived, and what is said
   * behind them waits: with a hundred connections on their way to a worker that is busy, so would the answers to it.
   */
  get hasRoom(): boolean {
    return this.#sent.length < sentMax;
  }

  /** What has not arrived there; once it has ended, that is for another. */
  get sent(): readonly Sent[] {
    return this.#sent;
  }

  /** Hands a connection over, of which nothing has been read. */
  serve(sent: Sent): void {
    this.#socketsCount += 1;
    this.#sent.push(sent);
    this.exchange.tell("serve", sent.handover, sent.socket);
    if (this.#watching === undefined) this.#watch();
  }

  /** Ends it now, whatever it does, for a cause that is told. */
  kill(cause: string): void {
    this.#killCause = cause;
    this.#child.kill("SIGKILL");
  }

  /**
   * Ends a process that takes nothing, stopped or in an endless loop: who is handed to it would wait for ever. It is looked
   * at twice, so that a primary which stood still itself hears first what was said meanwhile.
   */
  #watch(before?: Sent): void {
    const [oldest] = this.#sent;
    this.#watching = setTimeout(() => {
      this.#watching = undefined;
      const [now] = this.#sent;
      if (now === undefined) return;
      if (now === before && now === oldest) this.kill("it stood still");
      else this.#watch(oldest);
    }, this.#standstillMs).unref();
  }

  /** Sockets have arrived. Node would keep one open for good that was sent to a process which then died. */
  #letGo(count: number): void {
    for (const { socket, handover } of this.#sent.splice(0, count)) {
      if (handover.admitted !== undefined) this.holdings.take(handover.admitted.connection);
      socket.destroy();
    }
    this.#onTaken();
  }
}

/** One that arrives and one behind it, so that a worker with nothing else to do need not wait. */
const sentMax = 2;

/**
 * MiB of the young generation's halves. By itself it grows to 16 with the first connections and stays so; what lives as
 * long as a connection is old in any case, and transfers leave nothing to collect.
 */
const smallYoungGeneration = "--max-semi-space-size=2";

/** The channel has its end behind everything that was said, which may come after the end of the process. */
async function endOf(child: ChildProcess, onExit: () => void): Promise<string> {
  const disconnected = new Promise<void>((resolve) => {
    child.once("disconnect", resolve);
  });
  const cause = await new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit status ${code}` : `killed by ${signal}`));
    child.once("error", (error) => resolve(error.message));
  });
  onExit();
  if (child.pid === undefined) return cause;
  await Promise.race([disconnected, new Promise((resolve) => setTimeout(resolve, lastWordsMs).unref())]);
  return cause;
}

/** A channel ends as soon as it is read to its end; a primary that is busy may take a while. */
const lastWordsMs = 5000;

const usualStandstillMs = 7500;
