import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Contest } from "../comparison/comparison.ts";
import type { Contender, OwnName, PeerName } from "../comparison/contenders.ts";
import { emptyUploads, type Sizes } from "../comparison/ground.ts";
import type { Metric, Sample } from "../comparison/workloads.ts";
import { type MeteredRun, type MeterOptions, runMetered } from "./metered-run.ts";
import { type ClientJob, type ClientName, type ClientSite, commandOf, rivalNames } from "./programs.ts";

/** Something that clients are asked to do, and what is measured while they do it. */
export interface ClientWorkload extends Contest<ClientName> {
  /** Who serves. */
  readonly server: PeerName | Extract<OwnName, "sallyport">;
  /** The server is a wire of 25 ms away. */
  readonly isFar: boolean;
  /** Left out, unless it is asked for. */
  readonly slow?: true;
  measure(scene: ClientScene, client: ClientName): Promise<Sample>;
}

export interface ClientScene extends Omit<MeterOptions, "server"> {
  readonly server: Contender;
  /** Where clients are to connect: the server or the wire to it. */
  readonly site: ClientSite;
  /** For what clients fetch. */
  readonly folder: string;
  /** Told how processor time is read. */
  readonly onSource: (source: string) => void;
}

/** One way, of a wire to a far server. */
export const farDelayMs = 25;

const all: readonly ClientName[] = rivalNames;
const withoutCurl: readonly ClientName[] = ["lftp", "rclone", "basic-ftp"];
const capable: readonly ClientName[] = ["lftp", "rclone"];
const mebibyte = 1_048_576;

const memory: Metric = { name: "memory", unit: "MiB RSS", better: "less" };
const bulkMetrics: readonly Metric[] = [
  { name: "rate", unit: "MiB/s", better: "more" },
  { name: "processor", unit: "CPU-s/GiB", better: "less" },
  memory,
];
const fileMetrics: readonly Metric[] = [
  { name: "rate", unit: "files/s", better: "more" },
  { name: "processor", unit: "CPU-ms/file", better: "less" },
];
const wholeMetrics: readonly Metric[] = [
  { name: "seconds", unit: "s", better: "less" },
  { name: "processor", unit: "CPU-s", better: "less" },
  memory,
];

/** Every workload, in the order in which they run. */
export const clientWorkloads: readonly ClientWorkload[] = [
  bulk("get", "pure-ftpd", ["curl", "lftp", "basic-ftp", "rclone"]),
  bulk("put", "pure-ftpd", ["curl", "lftp", "basic-ftp", "rclone"]),
  bulk("get", "vsftpd", ["curl", "lftp"]),
  bulk("put", "vsftpd", ["curl", "lftp"]),
  { ...bulk("get", "sallyport", ["curl", "lftp"]), slow: true },
  { ...bulk("put", "sallyport", ["curl", "lftp"]), slow: true },
  tree("fetch-tree", all),
  tree("send-tree", withoutCurl),
  print(all),
  listing(all),
  first(all),
  // Three quarters of a minute each.
  { ...far(tree("fetch-tree", capable), "far-small"), once: true },
  far(bulk("get", "pure-ftpd", capable, 4), "far-big"),
  { ...far(tree("send-tree", capable), "far-small-put"), slow: true },
];

/** Sizes of a whole run, of a quick one, and of one that only shows that everything works. */
export const clientSizes: Readonly<Record<"whole" | "quick" | "smoke", Sizes>> = {
  whole: sizes(1024, 256, 1000, 10_000),
  quick: sizes(256, 64, 300, 10_000),
  smoke: sizes(1, 1, 20, 50),
};

function bulk(
  kind: "get" | "put",
  server: ClientWorkload["server"],
  against: readonly ClientName[],
  streams = 1,
): ClientWorkload {
  const [file, how] = streams === 1 ? (["big", ""] as const) : (["stream", `, ${streams} streams`] as const);
  return {
    name: `${kind}-${server}`,
    title: `${kind === "get" ? "Download from" : "Upload to"} ${server}${how}`,
    subject: "sallyport",
    against,
    metrics: bulkMetrics,
    server,
    isFar: false,
    measure: async (scene, client) => {
      const { ground, uploads } = scene.server;
      const sizeBytes = statSync(join(ground.home, file)).size;
      const [here, there] = [join(scene.folder, file), join(ground.home, file)];
      const remote = kind === "get" ? file : `${uploads}${file}`;
      const run = await perform(scene, client, { kind, remote, local: kind === "get" ? here : there, streams }, () =>
        demand(statSync(kind === "get" ? here : join(ground.home, remote)).size, sizeBytes, "octets"),
      );
      const gibibytes = sizeBytes / mebibyte / 1024;
      return sample(run, {
        rate: sizeBytes / mebibyte / run.seconds,
        processor: run.processorSeconds / gibibytes,
        memory: run.peakKib / 1024,
      });
    },
  };
}

function tree(kind: "fetch-tree" | "send-tree", against: readonly ClientName[], streams = 8): ClientWorkload {
  return {
    name: kind === "fetch-tree" ? "small-get" : "small-put",
    title: `${kind === "fetch-tree" ? "Download" : "Upload"} of a folder of 4 KiB files, ${streams} at a time`,
    subject: "sallyport",
    against,
    metrics: fileMetrics,
    server: "pure-ftpd",
    isFar: false,
    measure: async (scene, client) => {
      const { ground, uploads } = scene.server;
      const files = ground.sizes.smallFiles;
      const [here, there] = [join(scene.folder, "small"), join(ground.home, "small")];
      const remote = kind === "fetch-tree" ? "small" : `${uploads}small`;
      const local = kind === "fetch-tree" ? here : there;
      const names = `[00000-${String(files - 1).padStart(5, "0")}]`;
      const run = await perform(scene, client, { kind, remote, local, names, streams }, () =>
        demand(readdirSync(kind === "fetch-tree" ? here : join(ground.home, remote)).length, files, "files"),
      );
      return sample(run, { rate: files / run.seconds, processor: (run.processorSeconds * 1000) / files });
    },
  };
}

function print(against: readonly ClientName[]): ClientWorkload {
  return {
    ...whole("one", "One 4 KiB file, from the command's start to its end", against),
    measure: (scene, client) => measureWhole(scene, client, { kind: "print", remote: "small/00000" }),
  };
}

function listing(against: readonly ClientName[]): ClientWorkload {
  return {
    ...whole("list", "Listing of 10,000 entries", against),
    measure: (scene, client) => measureWhole(scene, client, { kind: "list", remote: "some/" }),
  };
}

function first(against: readonly ClientName[]): ClientWorkload {
  return {
    ...whole("far-first", "Time to the first octet of a file, from the command's start", against),
    metrics: [{ name: "round-trips", unit: "round trips", better: "less" }],
    isFar: true,
    measure: async (scene, client) => {
      const run = await perform(scene, client, { kind: "print", remote: "small/00000" });
      if (run.firstOctetSeconds === undefined) throw new Error("nothing was printed");
      return sample(run, { "round-trips": (run.firstOctetSeconds * 1000) / (2 * farDelayMs) });
    },
  };
}

function whole(name: string, title: string, against: readonly ClientName[]): Omit<ClientWorkload, "measure"> {
  return { name, title, subject: "sallyport", against, metrics: wholeMetrics, server: "pure-ftpd", isFar: false };
}

function far(workload: ClientWorkload, name: string): ClientWorkload {
  return { ...workload, name, title: `${workload.title}, round trips of ${2 * farDelayMs} ms`, isFar: true };
}

async function measureWhole(scene: ClientScene, client: ClientName, job: ClientJob): Promise<Sample> {
  const run = await perform(scene, client, job);
  return sample(run, { seconds: run.seconds, processor: run.processorSeconds, memory: run.peakKib / 1024 });
}

/** Has a client do a job on empty folders, and looks at what came of it. */
async function perform(
  { server, site, folder, onSource, ...options }: ClientScene,
  client: ClientName,
  job: ClientJob,
  look: () => void = () => {},
): Promise<MeteredRun> {
  const command = commandOf(client, job, site);
  if (command === undefined) throw new Error("it cannot");
  const clean = (): void => {
    emptyUploads(server.ground, server.uploads);
    rmSync(folder, { recursive: true, force: true });
    // What it remembers of the last run is none of this one's.
    rmSync(site.state, { recursive: true, force: true });
  };
  clean();
  mkdirSync(folder, { recursive: true });
  try {
    const run = await runMetered(command, { ...options, server: server.meter });
    look();
    onSource(run.source);
    return run;
  } finally {
    clean();
  }
}

function sample({ seconds, foreignCores }: MeteredRun, values: Sample["values"]): Sample {
  return { values, seconds, foreignCores };
}

function demand(found: number, wanted: number, what: string): void {
  if (found !== wanted) throw new Error(`there are ${found} ${what} and not ${wanted}`);
}

function sizes(bulkMib: number, streamMib: number, smallFiles: number, someEntries: number): Sizes {
  const [bulkBytes, streamBytes] = [bulkMib * mebibyte, streamMib * mebibyte];
  return { bulkBytes, streamBytes, smallFiles, smallBytes: 4096, someEntries, manyEntries: 0 };
}
