import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Sallyport, spawnSallyport } from "./run-sallyport.ts";

export interface LoggedEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A server of the launcher, read by its JSON log. */
export class RunningServer implements AsyncDisposable {
  readonly child: Sallyport;
  readonly events: LoggedEvent[] = [];
  readonly #errors: string[] = [];
  #wake: () => void = () => undefined;

  constructor(words: readonly string[], environment?: Readonly<Record<string, string>>) {
    this.child = spawnSallyport([...words, "--json"], environment);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line) as LoggedEvent);
      this.#wake();
    });
    this.child.stderr.on("data", (chunk: Buffer) => void this.#errors.push(chunk.toString()));
    this.child.once("close", () => this.#wake());
  }

  /** The n-th event of a kind, waiting for it. */
  async event(kind: string, index = 0): Promise<LoggedEvent> {
    for (;;) {
      const found = this.events.filter(({ event }) => event === kind)[index];
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}: ${this.#errors.join("")}`);
      // oxlint-disable-next-line no-await-in-loop -- events come one after the other
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async port(mode: "explicit" | "implicit"): Promise<number> {
    await this.event("service-started");
    return Number(this.events.find(({ event, tlsMode }) => event === "listener-bound" && tlsMode === mode)?.["port"]);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const ended =
      this.child.exitCode === null && this.child.signalCode === null ? once(this.child, "close") : undefined;
    this.child.kill(signal);
    await ended;
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
