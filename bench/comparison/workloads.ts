import { setTimeout as sleep } from "node:timers/promises";
import type { Contender, ContenderName } from "./contenders.ts";
import { emptyUploads, type Sizes } from "./ground.ts";
import { type LoadEnvironment, type LoadOrder, type LoadSample, runLoad, startLoad } from "./load.ts";
import { memoryOf, residentKib } from "./processes.ts";

/** Something that servers are asked to do, and what is measured while they do it. */
export interface Workload {
  /** For --only and for the targets. */
  readonly name: string;
  readonly title: string;
  /** Which of our servers does it. */
  readonly subject: ContenderName;
  /** With whom it is compared. */
  readonly against: readonly ContenderName[];
  readonly metrics: readonly Metric[];
  /** Each contender is started for this workload alone: for what is counted from its start. */
  readonly fresh?: true;
  /** Once is enough, for what hardly varies. */
  readonly once?: true;
  /** Left out of a quick run, unless it is asked for. */
  readonly slow?: true;
  measure(contender: Contender, setting: LoadEnvironment): Promise<Sample>;
}

export interface Metric {
  readonly name: MetricName;
  readonly unit: string;
  readonly better: "more" | "less";
}

export type MetricName = "rate" | "processor" | "seconds" | "memory" | "round-trips";

/** What one run gave. */
export interface Sample {
  readonly values: Partial<Readonly<Record<MetricName, number>>>;
  readonly foreignCores: number;
  readonly seconds: number;
}

const mebibyte = 1_048_576;
const peers: readonly ContenderName[] = ["pure-ftpd", "vsftpd", "proftpd", "pyftpdlib"];
const all: readonly ContenderName[] = ["bound", ...peers];
const idlePeers: readonly ContenderName[] = ["pure-ftpd", "vsftpd", "pyftpdlib"];

const bulkMetrics: readonly Metric[] = [
  { name: "rate", unit: "MiB/s", better: "more" },
  { name: "processor", unit: "CPU-s/GiB", better: "less" },
];
const operationMetrics = (operation: string): readonly Metric[] => [
  { name: "rate", unit: `${operation}s/s`, better: "more" },
  { name: "processor", unit: `CPU-ms/${operation}`, better: "less" },
];
const listingMetrics: readonly Metric[] = [
  { name: "seconds", unit: "s", better: "less" },
  { name: "processor", unit: "CPU-s", better: "less" },
];

type Direction = "retr" | "stor";

/** Every workload, in the order in which they run. */
export const workloads: readonly Workload[] = [
  bulk("retr", true, 1),
  bulk("stor", true, 1),
  bulk("retr", true, 4),
  bulk("stor", true, 4),
  bulk("retr", false, 1),
  bulk("retr", false, 4),
  bulk("stor", false, 1),
  small("retr", 1),
  small("stor", 1),
  small("retr", 8),
  small("stor", 8),
  logins(["bound", ...peers, "sallyport, MD5-crypt", "sallyport, argon2id"]),
  listing("mlsd", "some"),
  listing("list", "some"),
  listing("mlsd", "many"),
  listing("list", "many"),
  listingMemory(),
  idle(500, [...idlePeers, "proftpd"]),
  { ...idle(2000, idlePeers), slow: true },
  cost(
    "truncation-safety",
    bulk("stor", true, 1, ["sallyport, endings unwatched", "sallyport, endings by public API"]),
  ),
  cost("resumption", small("retr", 1, ["sallyport --data-resumption off"])),
  cost("durable", bulk("stor", true, 1, ["sallyport --durable on a disk"]), "sallyport on a disk"),
  { ...cost("durable-small", small("stor", 8, ["sallyport --durable on a disk"]), "sallyport on a disk"), slow: true },
];

function cost(name: string, workload: Workload, subject: ContenderName = workload.subject): Workload {
  return { ...workload, name: `cost-${name}`, subject };
}

function bulk(mode: Direction, tls: boolean, threads: 1 | 4, against = all): Workload {
  return {
    name: `${tls ? "tls" : "plain"}-${mode}-${threads}`,
    title: `${tls ? "TLS" : "plain"} ${mode.toUpperCase()}, ${threads === 1 ? "1 stream" : `${threads} streams`}`,
    subject: tls ? "sallyport" : "sallyport, plain allowed",
    against,
    metrics: bulkMetrics,
    measure: (contender, setting) => {
      const { bulkBytes, streamBytes } = contender.ground.sizes;
      const sizeBytes = threads === 1 ? bulkBytes : streamBytes;
      const download = { name: threads === 1 ? "big" : "stream" };
      const upload = { name: `${contender.uploads}u`, numbered: true, sizeBytes };
      return transfers({ mode, tls, threads, ...(mode === "retr" ? download : upload) }, contender, setting);
    },
  };
}

function small(mode: Direction, threads: 1 | 8, against = all): Workload {
  return {
    name: `small-${mode}-${threads}`,
    title: `TLS ${mode.toUpperCase()} of 4 KiB files, ${threads === 1 ? "one by one" : `${threads} at a time`}`,
    subject: "sallyport",
    against,
    metrics: operationMetrics("file"),
    measure: (contender, setting) => {
      const { smallFiles, smallBytes: sizeBytes } = contender.ground.sizes;
      const name = mode === "retr" ? "small/" : `${contender.uploads}s`;
      const count = Math.floor(smallFiles / threads / (threads === 1 ? 2 : 1));
      return transfers({ mode, tls: true, threads, count, name, numbered: true, sizeBytes }, contender, setting);
    },
  };
}

function logins(against: readonly ContenderName[]): Workload {
  return {
    name: "logins",
    title: "TLS logins, 32 at a time",
    subject: "sallyport",
    against,
    metrics: operationMetrics("login"),
    measure: (contender, setting) => {
      const count = Math.max(1, Math.floor(contender.ground.sizes.smallFiles / 400));
      return transfers({ mode: "login", tls: true, threads: 32, count }, contender, setting);
    },
  };
}

function listing(mode: "list" | "mlsd", folder: "some" | "many"): Workload {
  return {
    name: `${mode}-${folder}`,
    title: `TLS ${mode.toUpperCase()} of ${folder === "some" ? "10,000" : "100,000"} entries`,
    subject: "sallyport",
    against: mode === "mlsd" ? all.filter((name) => name !== "vsftpd") : all,
    metrics: listingMetrics,
    measure: async (contender, setting) => {
      const sample = await runLoad({ mode, tls: true, name: folder }, contender, setting);
      const { seconds, processorSeconds, foreignCores } = sample;
      return { values: { seconds, processor: processorSeconds }, foreignCores, seconds };
    },
  };
}

function listingMemory(): Workload {
  return {
    name: "mlsd-memory",
    title: "Peak memory above start, MLSD of 100,000 entries",
    subject: "sallyport",
    against: ["bound", "pure-ftpd", "proftpd", "pyftpdlib"],
    metrics: [{ name: "memory", unit: "MiB RSS", better: "less" }],
    fresh: true,
    once: true,
    measure: async (contender, setting) => {
      const peak = watchResident(contender);
      try {
        const { seconds, foreignCores } = await runLoad({ mode: "mlsd", tls: true, name: "many" }, contender, setting);
        return { values: { memory: peak.stop() / 1024 }, seconds, foreignCores };
      } finally {
        peak.stop();
      }
    },
  };
}

/** The load client's own threads log in side by side; the memory is read when all of them wait. */
function idle(count: number, against: readonly ContenderName[]): Workload {
  const threads = 10;
  return {
    name: `idle-${count}`,
    title: `Memory of an idle TLS login, ${count.toLocaleString("en")} of them`,
    subject: "sallyport, many connections",
    against,
    metrics: [{ name: "memory", unit: "KiB PSS", better: "less" }],
    fresh: true,
    once: true,
    measure: async (contender, setting) => {
      const held = Math.min(count, contender.ground.sizes.smallFiles);
      const before = memoryOf(contender.meter.processes());
      const order: LoadOrder = { mode: "idle", tls: true, threads, count: held / threads };
      const started = performance.now();
      await using _client = await startLoad(order, contender, { ...setting, deadlineMs: 3 * setting.deadlineMs });
      const seconds = (performance.now() - started) / 1000;
      await sleep(idleSettleMs, undefined, { signal: setting.signal });
      const now = memoryOf(contender.meter.processes());
      return { values: { memory: (now.proportionalKib - before.proportionalKib) / held }, seconds, foreignCores: 0 };
    },
  };
}

const idleSettleMs = 1_000;
const watchEveryMs = 10;

async function transfers(order: LoadOrder, contender: Contender, setting: LoadEnvironment): Promise<Sample> {
  emptyUploads(contender.ground, contender.uploads);
  const sample = await runLoad(order, contender, setting);
  emptyUploads(contender.ground, contender.uploads);
  const isBulk = order.count === undefined;
  return {
    values: isBulk ? bulkValues(sample) : operationValues(sample),
    foreignCores: sample.foreignCores,
    seconds: sample.seconds,
  };
}

function bulkValues({ bytes, seconds, processorSeconds }: LoadSample): Sample["values"] {
  return { rate: bytes / mebibyte / seconds, processor: processorSeconds / (bytes / 1024 / mebibyte) };
}

function operationValues({ operations, seconds, processorSeconds }: LoadSample): Sample["values"] {
  return { rate: operations / seconds, processor: (processorSeconds * 1000) / operations };
}

function watchResident({ meter }: Contender): { stop(): number } {
  const atStart = residentKib(meter.processes());
  let peak = atStart;
  const look = () => void (peak = Math.max(peak, residentKib(meter.processes())));
  const timer = setInterval(look, watchEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      return peak - atStart;
    },
  };
}

/** Sizes of a whole run, of a quick one, and of one that only shows that everything works. */
export const sizesOf: Readonly<Record<"whole" | "quick" | "smoke", Sizes>> = {
  whole: sizes(512, 256, 2000, 10_000, 100_000),
  quick: sizes(256, 128, 800, 10_000, 100_000),
  smoke: sizes(1, 1, 40, 50, 100),
};

function sizes(
  bulkMib: number,
  streamMib: number,
  smallFiles: number,
  someEntries: number,
  manyEntries: number,
): Sizes {
  const files = { smallFiles, smallBytes: 4096 };
  return { bulkBytes: bulkMib * mebibyte, streamBytes: streamMib * mebibyte, ...files, someEntries, manyEntries };
}
