import { hostname } from "node:os";
import { type LimitValues, limitValues } from "@sallyport/protocol";
import type { ServerObserver } from "@sallyport/server";
import type { EventOf, ServiceEvent, ServiceOnlyEvent } from "../log/service-event.ts";
import { DeliveryQueue } from "./delivery-queue.ts";
import { type Document, type Notification, notificationOf, type NotificationPlace } from "./notification.ts";
import { type NotifySettings, uploadDigestFor } from "./notify-settings.ts";
import { type NewEntry, Outbox } from "./outbox.ts";
import type { Target } from "./target.ts";
import { openTargets } from "./targets.ts";

/** Where a notifier lives. */
export interface NotifierOptions {
  readonly settings: NotifySettings;
  /** File of the outbox. */
  readonly path: string;
  /** Working directory of programs; not one that peers can write to. */
  readonly directory: string;
  readonly served: { readonly root: string; readonly readOnly: boolean };
  readonly durable: boolean;
  readonly version: string;
  /** Name by which receivers know this server; the machine's by default. */
  readonly server?: string;
  readonly limits?: Partial<LimitValues>;
  readonly report: (event: ServiceOnlyEvent) => void;
}

/**
 * Events that come within this time are written together, the first after a pause at once. Publications do not wait for
 * others where writing takes some ten microseconds, but where it waits for the disk.
 */
const gatherMs = 10;

/**
 * Tells programs and webhooks what happened. It needs nothing but the events, wherever they come from: they are written
 * to the outbox, publications before their peers hear of them, and delivered from there in turns of their own, at least
 * once each.
 */
export class Notifier implements ServerObserver, AsyncDisposable {
  readonly uploadDigest?: "SHA-256";
  readonly #kinds: ReadonlySet<string>;
  readonly #place: NotificationPlace;
  readonly #targets: readonly Target[];
  readonly #queues: readonly DeliveryQueue[];
  readonly #outbox: Outbox;
  readonly #limits: LimitValues;
  readonly #durable: boolean;
  readonly #report: (event: ServiceOnlyEvent) => void;
  #gathered: Notification[] = [];
  #flushing: NodeJS.Timeout | undefined;
  #waking: NodeJS.Immediate | undefined;
  /** Those for which something came since the queues were woken. */
  #lanes = new Set<string>();
  #flushedMs = Number.NEGATIVE_INFINITY;
  /** The disk took nothing the last time. */
  #failing = false;
  #lost = 0;
  #closed: Promise<void> | undefined;

  /**
   * Opens the outbox.
   *
   * @throws {ConfigError} SALLYPORT_NOTIFY_… where a target cannot be used, or as {@link Outbox.open}.
   */
  constructor(options: NotifierOptions) {
    const { settings, served, report, server = hostname() } = options;
    const limits = limitValues(options.limits);
    const uploadDigest = uploadDigestFor(settings);
    if (uploadDigest !== undefined) this.uploadDigest = uploadDigest;
    this.#limits = limits;
    this.#report = report;
    this.#durable = options.durable;
    this.#kinds = new Set(settings.events);
    this.#place = { server, root: served.root };
    this.#targets = openTargets(settings, { ...options, limits });
    this.#outbox = Outbox.open(options.path, { limits, durable: options.durable });
    if (this.#outbox.wasDamaged) {
      const cause = `The events that waited in ${options.path} were damaged and are not delivered`;
      report({ atMs: Date.now(), kind: "service-warning", cause, fix: "look at the disk; the file lies beside it" });
    }
    this.#queues = this.#targets.map((target) => new DeliveryQueue(target, this.#outbox, { limits, report }));
  }

  /** Delivers from now on; programs run with the rights that the process has by now. */
  begin(): void {
    for (const queue of this.#queues) queue.begin();
  }

  onEvent(event: ServiceEvent): void {
    if (this.#closed !== undefined) return;
    if (event.kind === "upload-digested") return this.#complete(event);
    const notification = notificationOf(event, this.#place);
    if (notification === undefined || !this.#kinds.has(notification.kind)) return;
    this.#gathered.push(notification);
    const isPromised = notification.kind === "published" && !this.#durable;
    const waitMs = isPromised ? 0 : this.#flushedMs + gatherMs - performance.now();
    if (waitMs <= 0 && !this.#failing) this.#flush();
    else this.#flushing ??= setTimeout(() => this.#flush(), waitMs);
  }

  /** Reads all secrets and authorities anew, and returns what puts them to use; throws where one cannot be read. */
  reread(): () => void {
    const takes = this.#targets.map((target) => target.reread());
    return () => takes.forEach((take) => take());
  }

  /** Writes what was told last, gives deliveries under way their time, and keeps the rest for the next start. */
  close(graceMs = 0): Promise<void> {
    return (this.#closed ??= this.#close(graceMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    this.#stopFlushing();
    clearImmediate(this.#waking);
    if (this.#gathered.length > 0) this.#write();
    await Promise.all(this.#queues.map((queue) => queue.close(graceMs)));
    await Promise.all(this.#targets.map((target) => target[Symbol.asyncDispose]()));
    this.#outbox[Symbol.dispose]();
  }

  #flush(): void {
    this.#stopFlushing();
    this.#failing = !this.#write();
    if (this.#failing) this.#flushing = setTimeout(() => this.#flush(), this.#limits.notifyRetryMs);
    this.#flushedMs = performance.now();
    this.#wakeSoon();
  }

  #stopFlushing(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
  }

  /** Not in the turn of whoever told, since starting a program takes a while. */
  #wakeSoon(): void {
    this.#waking ??= setImmediate(() => {
      const lanes = this.#lanes;
      this.#lanes = new Set();
      this.#waking = undefined;
      for (const queue of this.#queues) queue.wakeFor(lanes);
    });
  }

  /** False where the disk took nothing; what was gathered is kept then, as far as the limit lets. */
  #write(): boolean {
    try {
      const dropped = this.#outbox.add(this.#gathered.flatMap((told) => this.#entriesOf(told)));
      for (const { lane } of this.#gathered) this.#lanes.add(lane);
      this.#gathered = [];
      this.#tellLost(dropped, "the outbox is full");
      return true;
    } catch (error) {
      const excess = this.#gathered.length - this.#limits.notifyIntakeCount;
      if (excess > 0) this.#gathered.splice(0, excess);
      const cause = error instanceof Error ? error.message : String(error);
      this.#tellLost(Math.max(0, excess), `the outbox cannot be written: ${cause}`);
      return false;
    }
  }

  #entriesOf({ id, kind, lane, document, awaitsDigest }: Notification): NewEntry[] {
    const createdMs = Date.now();
    const dueMs = awaitsDigest ? createdMs + this.#limits.notifyHoldMs : createdMs;
    const body = JSON.stringify(document);
    return this.#targets.map(({ key, label }) => ({ target: key, label, id, kind, lane, body, createdMs, dueMs }));
  }

  /** One line at the beginning and for each doubling, however many are lost. */
  #tellLost(count: number, cause: string): void {
    if (count === 0) return;
    const before = this.#lost;
    this.#lost += count;
    if (before === 0 || Math.floor(Math.log2(this.#lost)) > Math.floor(Math.log2(before))) {
      this.#report({ atMs: Date.now(), kind: "notifications-dropped", count: this.#lost, cause });
    }
  }

  /** Puts in the digest that came later, and lets the notification go. */
  #complete({ id, sha256: digest }: EventOf<"upload-digested">): void {
    const sha256 = digest ?? null;
    const at = this.#gathered.findIndex((told) => told.id === id);
    const gathered = this.#gathered[at];
    if (gathered !== undefined) {
      this.#gathered[at] = { ...gathered, document: { ...gathered.document, sha256 }, awaitsDigest: false };
      return;
    }
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bodies are documents of ours
      const lane = this.#outbox.complete(id, (body) => JSON.stringify({ ...(JSON.parse(body) as Document), sha256 }));
      if (lane !== undefined) this.#lanes.add(lane);
    } catch {
      // The disk fails: it goes without the digest when it has waited long enough.
    }
    this.#wakeSoon();
  }
}
