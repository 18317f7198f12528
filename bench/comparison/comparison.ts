import { compilePrograms } from "./program.ts";
import { conditionsOf } from "./conditions.ts";
import {
  type Contender,
  type ContenderName,
  missingFor,
  type PeerName,
  peerNames,
  type StartContext,
  startContender,
} from "./contenders.ts";
import { type Ground, makeDiskGround, makeGround, type Sizes } from "./ground.ts";
import { type Figure, progressText, type Results } from "./report.ts";
import { compare, type RoundsOptions, spread, takeTurns } from "./rounds.ts";
import { hasWorkers } from "./sallyport.ts";
import { judge, serverTargets, type Target } from "./targets.ts";
import type { LoadEnvironment } from "./load.ts";
import type { Metric, Sample, Workload } from "./workloads.ts";

export interface ComparisonOptions {
  readonly workloads: readonly Workload[];
  readonly peers: readonly PeerName[];
  readonly pairs: number;
  readonly sizes: Sizes;
  readonly suite: string;
  readonly workers: number;
  readonly foreignCoresMost: number;
  /** An opponent that takes longer for a run is asked less often. */
  readonly slowSeconds: number;
  /** After it a run has failed. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** Told what is going on, a line at a time. */
  readonly onProgress: (line: string) => void;
}

/**
 * Runs the workloads on our server and on those that it is compared with, all started and ended here.
 *
 * Where the signal aborts after the first workload, it returns what it has by then, and says so.
 *
 * @throws {Error} where the load client cannot be made, or the signal aborts before anything was measured
 */
export async function runComparison(options: ComparisonOptions): Promise<Results> {
  const { signal, onProgress } = options;
  const present = options.peers.filter((name) => missingFor(name) === false);
  const absent = options.peers.filter((name) => !present.includes(name));
  using ground = makeGround(options.sizes);
  const programs = await compilePrograms(ground.directory);
  const workers = (await hasWorkers()) ? options.workers : 1;
  const setting: LoadEnvironment = { loadClient: programs["load-client"], ...options };
  await using field = new Field({ ground, programs, workers, diskGround: () => makeDiskGround(options.sizes) });
  const figures: Figure[] = [];
  const foreign: number[] = [];
  const note = ({ foreignCores }: Sample) => void foreign.push(foreignCores);
  for (const workload of options.workloads) {
    const isHere = (name: ContenderName) => !isPeer(name) || present.includes(name);
    const started = performance.now();
    const against = workload.against.filter(isHere);
    const measuring = measureWorkload(workload, against, field, setting, { ...options, note });
    const found = await measuring.catch((error: unknown) => {
      if (signal.aborted && figures.length > 0) return undefined;
      throw error;
    });
    if (found === undefined) break;
    figures.push(found);
    onProgress(`${progressText(found)} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  }
  return {
    conditions: conditionsOf({
      ...options,
      ...ground,
      peers: present,
      workers,
      processorTimeFrom: field.source,
      foreignCores: spread(foreign),
    }),
    figures,
    notes: [
      ...absent.map((name) => `left out: ${name}, ${missingFor(name)}`),
      ...(signal.aborted ? [`stopped after ${figures.length} of ${options.workloads.length} workloads`] : []),
    ],
  };
}

async function measureWorkload(
  workload: Workload,
  against: readonly ContenderName[],
  field: Field,
  setting: LoadEnvironment,
  options: ComparisonOptions & { readonly note: (sample: Sample) => void },
): Promise<Figure> {
  const run = async (name: ContenderName): Promise<Sample> => {
    const sample = await field.with(name, workload.fresh === true, (it) => workload.measure(it, setting));
    if (!workload.once) options.note(sample);
    return sample;
  };
  return measureFigure({ ...workload, against }, run, { ...options, targets: serverTargets });
}

/** What is to be compared: for whom, with whom, and in what. */
export interface Contest<Name extends string> {
  readonly name: string;
  readonly title: string;
  readonly subject: Name;
  readonly against: readonly Name[];
  readonly metrics: readonly Metric[];
  /** Once is enough, for what hardly varies. */
  readonly once?: true;
}

export interface FigureOptions extends Omit<RoundsOptions, "onFailure"> {
  readonly signal: AbortSignal;
  /** By which the comparisons are judged. */
  readonly targets: readonly Target[];
}

/** Lets the contenders take turns at `run`, compares what it gave, and judges that; who fails is told of in the figure. */
export async function measureFigure<Name extends string>(
  { name: id, title, subject, against, metrics, once }: Contest<Name>,
  run: (name: Name) => Promise<Sample>,
  options: FigureOptions,
): Promise<Figure> {
  const failures: Record<string, string> = {};
  const onFailure = (name: string, error: unknown): void => {
    options.signal.throwIfAborted();
    failures[name] = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
  };
  const pairs = once ? 1 : options.pairs;
  const found = await takeTurns(subject, against, run, { ...options, pairs, onFailure }).catch((error: unknown) => {
    onFailure(subject, error);
    return new Map();
  });
  const comparisons = metrics.flatMap((metric) =>
    [...against].flatMap((name) => compare(name, metric, found.get(name) ?? [], options.foreignCoresMost) ?? []),
  );
  return { workload: id, title, subject, comparisons, judgements: judge(id, comparisons, options.targets), failures };
}

function isPeer(name: string): name is PeerName {
  return (peerNames as readonly string[]).includes(name);
}

/** The servers that run; each is started when it is first needed. */
export class Field implements AsyncDisposable {
  readonly #context: StartContext;
  readonly #running = new Map<ContenderName, Contender>();
  #source = "nothing measured";

  #disk: Ground | undefined;

  constructor(context: StartContext) {
    this.#context = { ...context, diskGround: () => (this.#disk ??= context.diskGround()) };
  }

  /** How processor time was read. */
  get source(): string {
    return this.#source;
  }

  /** Runs `action` on a contender: on the one that runs, or on one that is started for it alone. */
  async with<T>(name: ContenderName, fresh: boolean, action: (contender: Contender) => Promise<T>): Promise<T> {
    if (!fresh) return await action(this.#running.get(name) ?? (await this.#start(name)));
    await using contender = await startContender(name, this.#context);
    return await action(contender);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map((contender) => contender[Symbol.asyncDispose]()));
    this.#disk?.[Symbol.dispose]();
  }

  async #start(name: ContenderName): Promise<Contender> {
    const contender = await startContender(name, this.#context);
    this.#source = contender.meter.source;
    this.#running.set(name, contender);
    return contender;
  }
}
