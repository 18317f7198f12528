import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { until } from "./waiting.ts";

/** What one process holds: descriptors by kind, listening sockets, what keeps its event loop, and memory. */
export interface Holdings {
  readonly files: number;
  readonly directories: number;
  readonly connections: number;
  readonly listeners: number;
  readonly others: number;
  readonly timers: number;
  readonly rssMiB: number;
  readonly pssMiB: number;
  readonly heapMiB: number;
}

interface Told {
  readonly resources: Readonly<Record<string, number>>;
  readonly memory: NodeJS.MemoryUsage;
}

/** Has a server process collect its garbage and counts what it holds. `folder` is its SALLYPORT_FAULTS. */
export async function holdingsOf(pid: number, folder: string): Promise<Holdings> {
  const { resources, memory } = await told(pid, folder);
  const descriptors = descriptorsOf(pid);
  return {
    ...descriptors,
    timers: resources["Timeout"] ?? 0,
    ...memoryOf(pid),
    heapMiB: mib(memory.heapUsed + memory.external),
  };
}

/** A thread that hashes passwords comes and goes with its event loop. */
const threadDescriptorsMax = 6;

/** Holdings of a server at rest are what they were. Idle passive listeners are kept, up to the pool's bound. */
export function holdsNoMore(before: Holdings, after: Holdings, rssGrowthMaxMiB: number, processes = 1): void {
  const mayCome = { files: 0, directories: 0, connections: 0, others: threadDescriptorsMax * processes };
  for (const kind of ["files", "directories", "connections", "others"] as const) {
    assert.ok(after[kind] <= before[kind] + mayCome[kind], `${kind}: ${before[kind]} before, ${after[kind]} after`);
  }
  assert.ok(after.timers <= before.timers + 2 * processes, `timers: ${before.timers} before, ${after.timers} after`);
  assert.ok(
    after.listeners <= before.listeners + 512 * processes,
    `listeners: ${before.listeners} before, ${after.listeners} after`,
  );
  const growthMiB = after.rssMiB - before.rssMiB;
  assert.ok(growthMiB <= rssGrowthMaxMiB, `memory: ${before.rssMiB} MiB before, ${after.rssMiB} MiB after`);
}

/** Descriptors of a process by what they lead to. */
function descriptorsOf(pid: number): Pick<Holdings, "files" | "directories" | "connections" | "listeners" | "others"> {
  const listening = listeningInodes(pid);
  const counts = { files: 0, directories: 0, connections: 0, listeners: 0, others: 0 };
  const folder = `/proc/${pid}/fd`;
  for (const name of readdirSync(folder)) {
    const target = linkOf(join(folder, name));
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) counts[listening.has(inode) ? "listeners" : "connections"]++;
    else if (!target.startsWith("/") || target.startsWith("/dev/")) counts.others++;
    else if (statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() === true) counts.directories++;
    else counts.files++;
  }
  return counts;
}

/** Resident and proportional memory in MiB, as the kernel tells. */
export function memoryOf(pid: number): Pick<Holdings, "rssMiB" | "pssMiB"> {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const value = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
  return { rssMiB: Math.round(value("Rss") / 102.4) / 10, pssMiB: Math.round(value("Pss") / 102.4) / 10 };
}

/** Names of what lies in the reserved directory of a served one, by its folder. */
export function leftIn(root: string): {
  readonly staging: string[];
  readonly claims: string[];
  readonly parts: string[];
} {
  const area = join(root, ".sallyport");
  return {
    staging: namesIn(join(area, "staging")),
    claims: namesIn(join(area, "claims")),
    parts: namesIn(join(area, "parts")).flatMap((folder) => namesIn(join(area, "parts", folder))),
  };
}

/** Processor time that a process has had, in milliseconds; a hundredth of a second is the clock's step. */
export function processorMs(pid: number): number {
  const line = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function told(pid: number, folder: string): Promise<Told> {
  const path = join(folder, `${pid}.json`);
  rmSync(path, { force: true });
  process.kill(pid, "SIGWINCH");
  let found: Told | undefined;
  await until(`process ${pid} tells what it holds`, () => {
    found = read(path);
    return found !== undefined;
  });
  if (found === undefined) throw new Error("it was found");
  return found;
}

function read(path: string): Told | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Told;
  } catch {
    return undefined;
  }
}

/** Inodes of the listening sockets in the network that the process sees. */
function listeningInodes(pid: number): Set<string> {
  const inodes = new Set<string>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, "latin1").split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === listenState && fields[9] !== undefined) inodes.add(fields[9]);
    }
  }
  return inodes;
}

const listenState = "0A";

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function mib(bytes: number): number {
  return Math.round(bytes / 104_857.6) / 10;
}
