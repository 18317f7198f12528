import type { LimitValues } from "@sallyport/protocol";
import type { ServiceOnlyEvent } from "../log/service-event.ts";
import type { Outbox, WaitingEntry } from "./outbox.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { Delivery, Target } from "./target.ts";

type QueueLimits = Pick<
  LimitValues,
  "notifyInFlightCount" | "notifyRetryMs" | "notifyRetryMaxMs" | "notifyAgeMs" | "notifyOutboxCount"
>;

/** How often what has been tried for too long is looked for. */
const sweepMs = 60_000;

/** Timers take no more. */
const timerMsMax = 2 ** 31 - 1;

/** A target that is out of reach is asked by one delivery at a time. */
interface Outage {
  readonly sinceMs: number;
  failures: number;
  /** No attempt before this. */
  untilMs: number;
}

/**
 * Delivers what waits for one target: in the order of the events, several at once but never two of one lane. One that
 * fails by itself steps aside and is tried again later; where the target is out of reach all wait for it, and one tries.
 */
export class DeliveryQueue {
  readonly #target: Target;
  readonly #outbox: Outbox;
  readonly #limits: QueueLimits;
  readonly #report: (event: ServiceOnlyEvent) => void;
  readonly #underWay = new Map<number, { readonly lane: string; readonly settled: Promise<void> }>();
  readonly #cut = new AbortController();
  #outage: Outage | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sweptMs = 0;
  #phase: "waiting" | "running" | "closed" = "waiting";

  constructor(
    target: Target,
    outbox: Outbox,
    options: { readonly limits: QueueLimits; readonly report: (event: ServiceOnlyEvent) => void },
  ) {
    this.#target = target;
    this.#outbox = outbox;
    this.#limits = options.limits;
    this.#report = options.report;
  }

  /** Delivers from now on, with the rights that the process has by now. */
  begin(): void {
    if (this.#phase === "waiting") this.#phase = "running";
    this.wake();
  }

  /**
   * Looks for what is due after something came for these lanes. Where all of them are busy there is nothing to find, so
   * that one account's flood behind a slow receiver costs no search for each event.
   */
  wakeFor(lanes: ReadonlySet<string>): void {
    const busyLanes = new Set([...this.#underWay.values()].map(({ lane }) => lane));
    if ([...lanes].some((lane) => !busyLanes.has(lane))) this.wake();
  }

  /** Looks for what is due, now and whenever it becomes due. */
  wake(): void {
    if (this.#phase !== "running") return;
    clearTimeout(this.#timer);
    try {
      this.#sweep();
      this.#deliverDue();
      this.#arm();
    } catch (error) {
      this.#suffer(error);
      this.#timer = setTimeout(() => this.wake(), (this.#outage?.untilMs ?? 0) - Date.now());
    }
  }

  /** Begins nothing any more, waits for what is under way, and cuts it short at the end of the grace. */
  async close(graceMs: number): Promise<void> {
    this.#phase = "closed";
    clearTimeout(this.#timer);
    const timer = setTimeout(() => this.#cut.abort(), graceMs);
    await Promise.all([...this.#underWay.values()].map(({ settled }) => settled));
    clearTimeout(timer);
  }

  #deliverDue(): void {
    for (;;) {
      const nowMs = Date.now();
      const inFlightMax = this.#outage === undefined ? this.#limits.notifyInFlightCount : 1;
      if (this.#underWay.size >= inFlightMax || (this.#outage?.untilMs ?? 0) > nowMs) return;
      const lanes = [...this.#underWay.values()].map(({ lane }) => lane);
      const entry = this.#outbox.next(this.#target.key, nowMs, lanes);
      if (entry === undefined) return;
      this.#underWay.set(entry.sequence, { lane: entry.lane, settled: this.#deliver(entry) });
    }
  }

  /** Waits for the next that becomes due; what is under way looks for more when it ends. */
  #arm(): void {
    if (this.#underWay.size > 0) return;
    const dueMs = this.#outbox.nextDueMs(this.#target.key);
    if (dueMs === undefined) return;
    const waitMs = Math.max(dueMs, this.#outage?.untilMs ?? 0) - Date.now();
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(waitMs, 1), timerMsMax));
  }

  async #deliver(entry: WaitingEntry): Promise<void> {
    const delivery = await this.#target.deliver(entry, this.#cut.signal);
    this.#underWay.delete(entry.sequence);
    try {
      this.#conclude(entry, delivery);
    } catch (error) {
      // What was delivered and could not be noted is delivered again, which receivers know by its id.
      this.#suffer(error);
    }
    this.wake();
  }

  #conclude(entry: WaitingEntry, delivery: Delivery): void {
    const { sequence, id, kind: notified } = entry;
    if (delivery.kind === "failed") return this.#fail(entry, delivery);
    this.#outbox.remove(sequence);
    this.#recover();
    if (delivery.kind === "refused") this.#tell({ kind: "notify-refused", id, notified, cause: delivery.cause });
  }

  #fail(entry: WaitingEntry, delivery: Extract<Delivery, { kind: "failed" }>): void {
    // What was cut short by our own end is tried again at the next start, as if it had not begun.
    if (this.#cut.signal.aborted) return;
    const { sequence, id, kind: notified, attempts, createdMs } = entry;
    const { cause, retryAfterMs = 0 } = delivery;
    const nowMs = Date.now();
    const expiresMs = nowMs + this.#limits.notifyAgeMs;
    if (delivery.scope === "target") {
      // It is the target's fault: the entry keeps its place.
      this.#outbox.postpone(sequence, { dueMs: createdMs, expiresMs, cause });
      return this.#lose(cause, retryAfterMs);
    }
    this.#recover();
    const retryMs = Math.max(retryDelayMs(attempts + 1, this.#limits), retryAfterMs);
    this.#outbox.postpone(sequence, { dueMs: nowMs + retryMs, expiresMs, cause });
    if (attempts === 0) this.#tell({ kind: "notify-postponed", id, notified, cause, retryMs });
  }

  /** The disk fails: what waits still waits. */
  #suffer(error: unknown): void {
    this.#pause(0);
    this.#tell({ kind: "notify-failed", cause: error instanceof Error ? error.message : String(error) });
  }

  #pause(atLeastMs: number): void {
    const nowMs = Date.now();
    const outage = (this.#outage ??= { sinceMs: nowMs, failures: 0, untilMs: 0 });
    outage.failures++;
    outage.untilMs = nowMs + Math.max(retryDelayMs(outage.failures, this.#limits), atLeastMs);
  }

  #lose(cause: string, retryAfterMs = 0): void {
    const isNew = this.#outage === undefined;
    this.#pause(retryAfterMs);
    if (isNew) this.#tell({ kind: "notify-unreachable", cause, waiting: this.#outbox.countOf(this.#target.key) });
  }

  #recover(): void {
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    this.#tell({ kind: "notify-reached", waiting: this.#outbox.countOf(this.#target.key) });
  }

  #sweep(): void {
    const nowMs = Date.now();
    const { notifyAgeMs } = this.#limits;
    if (nowMs - this.#sweptMs < Math.min(sweepMs, notifyAgeMs)) return;
    this.#sweptMs = nowMs;
    const isOut = this.#outage !== undefined && nowMs - this.#outage.sinceMs > notifyAgeMs;
    const count = this.#outbox.expire(this.#target.key, nowMs, isOut ? nowMs - notifyAgeMs : 0);
    if (count > 0) this.#tell({ kind: "notify-given-up", count });
  }

  #tell(event: TargetEvent): void {
    this.#report({ atMs: Date.now(), target: this.#target.label, ...event });
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

type TargetEvent = DistributiveOmit<Extract<ServiceOnlyEvent, { readonly target: string }>, "atMs" | "target">;
