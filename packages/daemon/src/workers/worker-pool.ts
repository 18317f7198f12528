import type { Socket } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, limitValues, TransportError, UsageError } from "@sallyport/protocol";
import {
  type Admission,
  bindListener,
  type BoundListener,
  type ConnectionSelector,
  type ConnectionStatus,
  type ListenerOptions,
  type ListeningAddress,
  OwnLedger,
  type ReviewedLogins,
  type ServerObserver,
  turnAway,
} from "@sallyport/server";
import { PrecedenceLines } from "@sallyport/server/accounts";
import { canonicalAddress, type TlsIdentityOptions } from "@sallyport/transport";
import type { ServiceEvent } from "../log/service-event.ts";
import { limitsOf, policiesOf, type ServiceChanges, type Serving, type TlsMaterial } from "../serving.ts";
import type { ServiceSettings } from "../settings.ts";
import type { StartFailure, WorkerBrief } from "./contract.ts";
import { RateShares } from "./rate-shares.ts";
import { RestartDelays } from "./restart-delays.ts";
import { type Sent, WorkerProcess } from "./worker-process.ts";
import { workerShare } from "./worker-share.ts";
import type { WorkerHoldings } from "./worker-holdings.ts";

/** What a pool of workers is made of. */
export interface WorkerPoolOptions {
  readonly settings: ServiceSettings;
  readonly workersCount: number;
  readonly material: TlsMaterial;
  readonly log: Log;
  /** Whether nobody hears of anything but warnings, errors and transfers. */
  readonly quiet: boolean;
  /** Path of the worker's program; absent: ours. */
  readonly program?: string;
  /** As WorkerProcessOptions.standstillMs. */
  readonly standstillMs?: number;
}

type Log = Omit<ServerObserver, "onEvent"> & { onEvent(event: ServiceEvent): void };

/**
 * A service that serves in several processes. This one accepts every connection, judges it, and hands it to the worker
 * that has the fewest; it keeps what holds for the server as a whole. A worker that ends is replaced, and costs the
 * connections that it had.
 *
 * Connections wait here and not in the workers when there are more than these can take: so the wait is short for those
 * from where somebody has logged in, and long for those who fail.
 */
export class WorkerPool implements Serving {
  readonly ledger: OwnLedger;
  readonly #options: WorkerPoolOptions;
  #settings: ServiceSettings;
  #listeners: readonly ListenerOptions[];
  readonly #workers = new Set<WorkerProcess>();
  /** Those that serve. */
  readonly #ready = new Set<WorkerProcess>();
  readonly #holdings = new Set<WorkerHoldings>();
  readonly #rates = new RateShares();
  readonly #delays = new RestartDelays();
  /** Connections that no worker can take at the moment. */
  readonly #waiting = new PrecedenceLines<Sent>();
  #material: TlsMaterial;
  #bound: readonly BoundListener[] = [];
  readonly #restarts = new Set<NodeJS.Timeout>();
  #begun = false;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    const { settings, material } = options;
    this.#options = options;
    this.#settings = settings;
    this.#material = material;
    this.#listeners = policiesOf(settings, material.fxpAuthorities).listeners;
    this.ledger = new OwnLedger(limitValues(limitsOf(settings)));
  }

  async listen(): Promise<readonly ListeningAddress[]> {
    const outcomes = await Promise.allSettled(
      this.#listeners.map((listener, at) =>
        bindListener(listener, (socket) => this.#accept(socket, at), { pauseOnConnect: true }),
      ),
    );
    this.#bound = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      this.#stopListening();
      throw failed.reason;
    }
    const addresses = this.#bound.map(({ tlsMode, address, port }) => ({ tlsMode, address, port }));
    for (const address of addresses) this.#tell({ kind: "listener-bound", ...address });
    return addresses;
  }

  /** Starts all workers, and resolves when they serve. Rejects with what the first one that cannot says. */
  async begin(): Promise<void> {
    const slots = Array.from({ length: this.#options.workersCount }, (_, slot) => slot);
    const failures = await Promise.all(slots.map((slot) => this.#start(slot)));
    const failure = failures.find((one) => one !== undefined);
    if (failure !== undefined) throw errorOf(failure);
    this.#begun = true;
    this.#handWaiting();
  }

  replaceIdentities(identities: readonly TlsIdentityOptions[]): void {
    this.#material = { ...this.#material, identities };
    for (const { exchange } of this.#ready) exchange.tell("replaceIdentities", identities);
  }

  async reconfigure({ settings, material }: ServiceChanges): Promise<void> {
    this.#settings = settings;
    this.#material = material;
    this.#listeners = policiesOf(settings, material.fxpAuthorities).listeners;
    this.ledger.limitsAre(limitValues(limitsOf(settings)));
    const asked = [...this.#ready].map(({ exchange, slot }) =>
      within(exchange.ask("reconfigure", this.#changesFor(slot)), answerMs),
    );
    await Promise.all(asked);
  }

  /** Rejects where a worker could not look: a login that should have ended may go on there. */
  async reviewLogins(): Promise<ReviewedLogins> {
    const answers = await Promise.all(
      [...this.#ready].map(async (worker) => {
        const asked = within(worker.exchange.ask("reviewLogins", undefined), reviewMs);
        return asked.catch((error: unknown) => {
          // One that has ended has no logins.
          if (!this.#ready.has(worker)) return { endedCount: 0, refreshedCount: 0 };
          throw error;
        });
      }),
    );
    return answers.reduce(
      (sum, { endedCount, refreshedCount }) => ({
        endedCount: sum.endedCount + endedCount,
        refreshedCount: sum.refreshedCount + refreshedCount,
      }),
      { endedCount: 0, refreshedCount: 0 },
    );
  }

  async connections(): Promise<readonly ConnectionStatus[]> {
    const answers = await this.#askAll(({ exchange }) => exchange.ask("connections", undefined));
    return answers.flat().toSorted((one, other) => one.connection - other.connection);
  }

  async disconnect(selector: ConnectionSelector, text: string, cause?: string): Promise<number> {
    const order = { selector, text, ...(cause !== undefined && { cause }) };
    const counts = await this.#askAll(({ exchange }) => exchange.ask("disconnect", order));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(patience: { readonly graceMs: number }): Promise<void> {
    this.#closing = true;
    this.#stopListening();
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const waiting of this.#takeWaiting()) this.#refuse(waiting);
    await Promise.all([...this.#workers].map((worker) => ended(worker, patience)));
  }

  cut(): void {
    this.#closing = true;
    for (const worker of this.#workers) worker.kill("cut");
  }

  #accept(socket: Socket, at: number): void {
    const listener = this.#listeners[at];
    const address = canonicalAddress(socket.remoteAddress ?? "");
    // The peer has gone already.
    if (listener === undefined || address === undefined) return void socket.destroy();
    socket.on("error", () => undefined);
    if (listener.proxyProtocolFrom?.includes(address) === true)
      return this.#hand({ socket, handover: { listener: at, admitted: undefined }, precedence: "unknown" });
    const admission = this.ledger.admitAtOnce(address);
    if (admission !== undefined) return this.#admit(socket, at, address, admission);
    void this.ledger.admit(address).then((later) => this.#admit(socket, at, address, later));
  }

  #admit(socket: Socket, at: number, address: string, admission: Admission): void {
    if (admission.kind === "admitted") {
      if (socket.destroyed || socket.readableEnded) {
        socket.destroy();
        return this.ledger.closed(admission.connection);
      }
      const admitted = { peer: { address, port: socket.remotePort ?? 0 }, connection: admission.connection };
      return this.#hand({ socket, handover: { listener: at, admitted }, precedence: admission.precedence });
    }
    this.#tell({ kind: "connection-refused", remoteAddress: address, cause: admission.cause });
    const listener = this.#listeners[at];
    if (listener !== undefined) turnAway(socket, listener, admission.cause);
  }

  #hand(sent: Sent): void {
    if (this.#closing) return this.#refuse(sent);
    const isServed = this.#begun && this.#ready.size > 0;
    if (this.#waiting.size >= (isServed ? waitingMax : waitingForWorkerMax)) {
      const last = this.#waiting.giveWayTo(sent.precedence);
      this.#refuse(last ?? sent);
      if (last === undefined) return;
    }
    this.#waiting.push(sent, sent.precedence);
    this.#handWaiting();
  }

  #handWaiting(): void {
    // At first for all workers, so that none gets what is for the others.
    if (!this.#begun) return;
    for (;;) {
      const worker = this.#leastLoaded();
      if (worker === undefined) return;
      const sent = this.#waiting.next();
      if (sent === undefined) return;
      // Among equals it is everybody's turn.
      this.#ready.delete(worker);
      this.#ready.add(worker);
      worker.serve(sent);
    }
  }

  #leastLoaded(): WorkerProcess | undefined {
    const [first, ...others] = [...this.#ready].filter(({ hasRoom }) => hasRoom);
    return first && others.reduce((least, other) => (other.load < least.load ? other : least), first);
  }

  #takeWaiting(): readonly Sent[] {
    return Array.from({ length: this.#waiting.size }, () => this.#waiting.next()).filter((sent) => sent !== undefined);
  }

  #refuse({ socket, handover: { listener: at, admitted } }: Sent): void {
    if (admitted !== undefined) this.ledger.closed(admitted.connection);
    const listener = this.#listeners[at];
    if (listener !== undefined) turnAway(socket, listener);
  }

  /** Starts a worker; the failure, if it cannot serve. */
  async #start(slot: number): Promise<StartFailure | undefined> {
    const { log, quiet, program = ourProgram, standstillMs } = this.#options;
    const kept = { ledger: this.ledger, rates: this.#rates, holdings: this.#holdings };
    const report = (events: readonly ServiceEvent[]) => {
      for (const event of events) log.onEvent(event);
    };
    const onTaken = () => this.#handWaiting();
    const onExit = (gone: WorkerProcess) => this.#ready.delete(gone);
    const worker = new WorkerProcess({ slot, program, kept, report, onTaken, onExit, standstillMs });
    this.#workers.add(worker);
    this.#holdings.add(worker.holdings);
    void worker.ended.then((cause) => this.#lose(worker, cause));
    const brief = {
      slot,
      ...this.#changesFor(slot),
      identityKey: this.ledger.identityKey,
      transcript: log.transcript === true,
      quiet,
      ...(log.uploadDigest && { uploadDigest: log.uploadDigest }),
    };
    const { exchange } = worker;
    let failure = await exchange.ask("begin", brief).catch(unable);
    // Certificates or settings were replaced meanwhile, perhaps again while it heard of that.
    let told = brief.material;
    while (failure === undefined && told !== this.#material) {
      told = this.#material;
      // oxlint-disable-next-line no-await-in-loop -- one change after the other
      failure = await exchange.ask("reconfigure", this.#changesFor(slot)).then(() => undefined, unable);
    }
    if (failure !== undefined) {
      worker.kill(failure.message);
      return failure;
    }
    worker.hasServed = true;
    this.#ready.add(worker);
    this.#tell({ kind: "worker-started", worker: slot, process: worker.processId });
    this.#handWaiting();
    return undefined;
  }

  #changesFor(slot: number): Pick<WorkerBrief, "settings" | "material"> {
    const settings = workerShare(this.#settings, slot, this.#options.workersCount);
    return { settings, material: this.#material };
  }

  /** A worker has ended; another takes its place, unless the service has not begun or is ending. */
  #lose(worker: WorkerProcess, cause: string): void {
    const { slot, processId, sent } = worker;
    this.#workers.delete(worker);
    this.#holdings.delete(worker.holdings);
    if (this.#closing || !(worker.hasServed || this.#begun)) return sent.forEach((one) => this.#refuse(one));
    const connectionsCount = worker.load - sent.length;
    this.#restart(slot, performance.now() - worker.startedMs, { process: processId, cause, connectionsCount });
    for (const one of sent) this.#hand(one);
  }

  /** Starts another worker after one that lived so long. */
  #restart(
    slot: number,
    livedMs: number,
    end: { readonly process: number; readonly cause: string; readonly connectionsCount: number },
  ): void {
    const restartMs = this.#delays.next(slot, livedMs);
    this.#tell({ kind: "worker-ended", worker: slot, ...end, restartMs });
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      // Node throws where the system has no memory for a process.
      this.#start(slot).catch((error: unknown) => {
        const cause = error instanceof Error ? error.message : String(error);
        if (!this.#closing) this.#restart(slot, 0, { process: 0, cause, connectionsCount: 0 });
      });
    }, restartMs);
    this.#restarts.add(timer);
  }

  async #askAll<Answer>(ask: (worker: WorkerProcess) => Promise<Answer>): Promise<Answer[]> {
    const answers = [...this.#ready].map((worker) => within(ask(worker), answerMs).catch(() => undefined));
    return (await Promise.all(answers)).filter((answer) => answer !== undefined);
  }

  #stopListening(): void {
    for (const listener of this.#bound) listener.close();
    this.#bound = [];
  }

  #tell(event: WithoutTime<ServiceEvent>): void {
    this.#options.log.onEvent({ atMs: Date.now(), ...event });
  }
}

type WithoutTime<Event> = Event extends unknown ? Omit<Event, "atMs"> : never;

const ourProgram = fileURLToPath(new URL(`worker${extname(import.meta.filename)}`, import.meta.url));

/** As many connections as there can be by default; they wait for a moment. */
const waitingMax = 2000;

/** More than that wait for no worker, which is back in a moment or not at all. */
const waitingForWorkerMax = 256;

/** For what a worker does after the grace, before it is ended. */
const lastCallMs = 5000;

/** A worker that does not answer in time is left out. */
const answerMs = 2000;

/** For questions to the accounts about thousands of logins. */
const reviewMs = 60_000;

async function ended(worker: WorkerProcess, patience: { readonly graceMs: number }): Promise<void> {
  const timer = setTimeout(() => worker.kill("did not end in time"), patience.graceMs + lastCallMs);
  worker.exchange.tell("close", patience);
  await worker.ended;
  clearTimeout(timer);
}

function unable(error: unknown): StartFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { name: "Error", message: `A worker could not start: ${message}`, code: "SALLYPORT_WORKER_FAILED" };
}

/** The error that the worker met, of the same family. */
function errorOf({ name, message, code }: StartFailure): Error {
  const Family = families.find((family) => family.name === name) ?? ConfigError;
  return code === undefined ? new Error(message) : new Family(code, message);
}

const families = [ConfigError, TransportError, UsageError] as const;

function within<Value>(promise: Promise<Value>, ms: number): Promise<Value> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error("no answer in time")), ms).unref();
    }),
  ]);
}
