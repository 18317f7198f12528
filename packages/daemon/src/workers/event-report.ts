import type { ServerEvent } from "@sallyport/server";
import type { ServiceEvent } from "../log/service-event.ts";
import type { PrimaryCalls, WorkerCalls } from "./contract.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Events that wait for a primary which does not keep up; past this new ones are lost, since memory is worth more. What
 * accounts did is kept longer: transfer logs and notifications are made of it.
 */
const waitingMax = 20_000;
const deedsWaitingMax = 200_000;
const deeds: ReadonlySet<ServerEvent["kind"]> = new Set(["transfer", "changed", "login", "upload-digested"]);

/** Downloads that follow a report within this time are told together: to tell one costs both processes 0.2 ms. */
const gatherMs = 10;

/**
 * Tells a worker's events to the primary, those of one turn of the event loop together. An upload is told at once, so that
 * what a client was told is in the log also where this process is killed in the next moment; downloads, which leave
 * nothing behind, wait for each other for a hundredth of a second.
 */
export class EventReport {
  readonly #primary: Pick<Exchange<WorkerCalls, PrimaryCalls>, "tell" | "flush">;
  /** Events that have not left the process. */
  #leavingCount = 0;
  #lostCount = 0;
  #drained: () => void = () => undefined;
  /** Downloads since the last report; undefined where the next one is told at once. */
  #gathered: ServerEvent[] | undefined;
  #gathering: NodeJS.Timeout | undefined;

  constructor(primary: Pick<Exchange<WorkerCalls, PrimaryCalls>, "tell" | "flush">) {
    this.#primary = primary;
  }

  readonly onEvent = (event: ServerEvent): void => {
    const most = deeds.has(event.kind) ? deedsWaitingMax : waitingMax;
    if (this.#leavingCount + (this.#gathered?.length ?? 0) >= most) return void (this.#lostCount += 1);
    if (event.kind === "transfer" && event.direction === "download") return this.#gather(event);
    this.#tell([...this.#takeGathered(), portable(event)]);
    if (event.kind === "transfer") this.#primary.flush();
  };

  /** Resolves when everything has left the process. */
  async flushed(): Promise<void> {
    clearTimeout(this.#gathering);
    const gathered = this.#takeGathered();
    this.#gathered = undefined;
    this.#tell(gathered);
    this.#primary.flush();
    if (this.#leavingCount === 0) return;
    await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #gather(event: ServerEvent): void {
    if (this.#gathered !== undefined) return void this.#gathered.push(event);
    this.#gathered = [];
    this.#gathering = setTimeout(() => this.#gatherOn(), gatherMs);
    this.#tell([event]);
    this.#primary.flush();
  }

  /** Tells what was gathered, and goes on gathering as long as there is something. */
  #gatherOn(): void {
    const events = this.#takeGathered();
    if (events.length === 0) return void (this.#gathered = undefined);
    this.#gathering = setTimeout(() => this.#gatherOn(), gatherMs);
    this.#tell(events);
    this.#primary.flush();
  }

  #takeGathered(): ServerEvent[] {
    return this.#gathered?.splice(0) ?? [];
  }

  #tell(events: ServiceEvent[]): void {
    if (this.#lostCount > 0) {
      const cause = "the first process did not keep up";
      events.push({ kind: "lines-left-out", atMs: Date.now(), linesCount: this.#lostCount, cause });
      this.#lostCount = 0;
    }
    if (events.length === 0) return;
    this.#leavingCount += events.length;
    this.#primary.tell("report", events, undefined, () => {
      this.#leavingCount -= events.length;
      if (this.#leavingCount === 0) this.#drained();
    });
  }
}

/** Errors lose their class on the way, and may hold what cannot be sent at all. */
function portable(event: ServerEvent): ServerEvent {
  if (event.kind !== "internal-error") return event;
  const { error } = event;
  if (!(error instanceof Error)) return { ...event, error: String(error) };
  const copy = new Error(`${error.name}: ${error.message}`);
  if (error.stack !== undefined) copy.stack = error.stack;
  return { ...event, error: copy };
}
