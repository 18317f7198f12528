import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { ServerEvent } from "@sallyport/server";
import type { Handover, PrimaryCalls, WorkerCalls } from "./contract.ts";
import { Exchange } from "./exchange.ts";
import { type Kept, WorkerHoldings } from "./worker-holdings.ts";

/** What a worker is started with. */
export interface WorkerProcessOptions {
  readonly slot: number;
  /** Path of the worker's program. */
  readonly program: string;
  readonly kept: Kept;
  readonly report: (events: readonly ServerEvent[]) => void;
}

/** One worker as the primary sees it: a process, what it holds, and what is on its way to it. */
export class WorkerProcess {
  readonly slot: number;
  readonly holdings: WorkerHoldings;
  readonly exchange: Exchange<PrimaryCalls, WorkerCalls>;
  readonly startedMs = performance.now();
  /** Resolves when the process has ended and everything that it said is heard, with the cause in words. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;
  /** Sockets whose descriptor has not arrived there yet. */
  readonly #sending = new Set<Socket>();
  #socketsCount = 0;
  #killCause: string | undefined;

  constructor({ slot, program, kept, report }: WorkerProcessOptions) {
    this.slot = slot;
    // What a dying worker prints is for people; standard output is the log's.
    this.#child = fork(program, [], { serialization: "advanced", stdio: ["ignore", 2, 2, "ipc"] });
    const child = this.#child;
    const port = {
      send: (message: object, socket?: Socket, done?: (error: Error | null) => void) =>
        void child.send(message, socket, {}, done),
    };
    const exchange: Exchange<PrimaryCalls, WorkerCalls> = new Exchange<PrimaryCalls, WorkerCalls>(port, {
      ...(this.holdings = new WorkerHoldings(kept, () => exchange)).handlers,
      report,
      gone: (count) => void (this.#socketsCount -= count),
    });
    this.exchange = exchange;
    child.on("message", (message: unknown) => exchange.receive(message));
    this.ended = endOf(child).then((end) => {
      const cause = this.#killCause ?? end;
      exchange.close(new Error(`the worker ended: ${cause}`));
      for (const socket of this.#sending) socket.destroy();
      this.holdings.release();
      return cause;
    });
  }

  /** 0 where the system did not start it. */
  get processId(): number {
    return this.#child.pid ?? 0;
  }

  /** Connections that it serves or that are on their way to it. */
  get connectionsCount(): number {
    return this.#socketsCount;
  }

  /** Hands a connection over, of which nothing has been read. */
  serve(socket: Socket, handover: Handover): void {
    this.#socketsCount += 1;
    this.#sending.add(socket);
    if (handover.admitted !== undefined) this.holdings.take(handover.admitted.connection);
    this.exchange.tell("serve", handover, socket, () => this.#sending.delete(socket));
  }

  /** Ends it now, whatever it does, for a cause that is told. */
  kill(cause: string): void {
    this.#killCause = cause;
    this.#child.kill("SIGKILL");
  }
}

/** The channel has its end behind everything that was said, which may come after the end of the process. */
async function endOf(child: ChildProcess): Promise<string> {
  const disconnected = new Promise<void>((resolve) => {
    child.once("disconnect", resolve);
  });
  const cause = await new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit status ${code}` : `killed by ${signal}`));
    child.once("error", (error) => resolve(error.message));
  });
  await Promise.race([disconnected, new Promise((resolve) => setTimeout(resolve, lastWordsMs).unref())]);
  return cause;
}

const lastWordsMs = 1000;
