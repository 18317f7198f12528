import { hostKey, type LimitValues } from "@sallyport/protocol";
import type { EventKind, EventOf, ServiceEvent } from "./service-event.ts";

/** What costs a peer nothing to cause, again and again. */
const boundedKinds: ReadonlySet<EventKind> = new Set(["command-refused", "connection-refused"]);

/**
 * Keeps a flood of refusals from filling the log: within a minute an address gets its number of lines, and all together
 * theirs. What was left out is told in one line at the end of that minute.
 */
export class LineBudget implements Disposable {
  readonly #limits: LimitValues;
  readonly #tell: (event: EventOf<"lines-left-out">) => void;
  /** At most as many as lines are written in a minute. */
  readonly #byHost = new Map<string, number>();
  #written = 0;
  #leftOut = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: LimitValues, tell: (event: EventOf<"lines-left-out">) => void) {
    this.#limits = limits;
    this.#tell = tell;
  }

  /** Whether the line of an event may be written. */
  admits(event: ServiceEvent): boolean {
    if (!boundedKinds.has(event.kind)) return true;
    const { logRefusalsCount, logRefusalsPerHostCount, logRefusalsMs } = this.#limits;
    this.#timer ??= setTimeout(() => this.#begin(), logRefusalsMs).unref();
    const host = "remoteAddress" in event ? hostKey(event.remoteAddress) : "";
    const ofHost = this.#byHost.get(host) ?? 0;
    if (this.#written >= logRefusalsCount || ofHost >= logRefusalsPerHostCount) {
      this.#leftOut++;
      return false;
    }
    this.#byHost.set(host, ofHost + 1);
    this.#written++;
    return true;
  }

  [Symbol.dispose](): void {
    this.#begin();
  }

  /** Tells what the last minute left out, and begins anew with the next refusal. */
  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const linesCount = this.#leftOut;
    this.#byHost.clear();
    this.#written = this.#leftOut = 0;
    const cause = "refusals came faster than they are logged";
    if (linesCount > 0) this.#tell({ kind: "lines-left-out", atMs: Date.now(), linesCount, cause });
  }
}
