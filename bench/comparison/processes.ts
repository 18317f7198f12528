import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the processes of one server use, those that they start and that end meanwhile included. */
export interface ProcessMeter extends Disposable {
  /** How processor time is read. */
  readonly source: string;
  /** User and system time since they started, or since the meter was made. */
  processorSeconds(): number;
  /** Those that run now. */
  processes(): readonly number[];
}

/** Memory of a set of processes in KiB. */
export interface Memory {
  /** Shared pages count in each process. */
  readonly residentKib: number;
  /** Shared pages are divided among those who share them. */
  readonly proportionalKib: number;
}

/**
 * Meters `roots` and all that descend from them: by a control group where this process may make one, which counts
 * nanoseconds and children that nobody waited for, otherwise by the times in /proc, which count hundredths of a second.
 */
export function meterProcesses(roots: readonly number[], groups = controlGroups()): ProcessMeter {
  for (const control of groups) {
    const meter = groupMeter(control, roots);
    if (meter !== undefined) return meter;
  }
  return {
    source: timesInProc,
    processorSeconds: () => sum(descendants(roots).map(timesOf)),
    processes: () => descendants(roots),
    [Symbol.dispose]: () => {},
  };
}

/** A source of hundredths of a second, which knows nothing of processes that have ended. */
export const timesInProc = "times in /proc";

/** Reads what processes occupy; those that end meanwhile count nothing. */
export function memoryOf(processes: readonly number[]): Memory {
  const texts = processes.map((id) => read(`/proc/${id}/smaps_rollup`));
  return {
    residentKib: sum(texts.map((text) => kibibytes(text, "Rss"))),
    proportionalKib: sum(texts.map((text) => kibibytes(text, "Pss"))),
  };
}

/** Resident memory in KiB, read cheaply enough to be asked for a hundred times a second. */
export function residentKib(processes: readonly number[]): number {
  return sum(processes.map((id) => Number(read(`/proc/${id}/statm`).split(" ")[1] ?? 0) * pageKib));
}

/** Processor seconds that the whole machine has spent in programs and their system calls; interrupts are left out. */
export function machineProcessorSeconds(): number {
  const [, user = 0, nice = 0, system = 0] = read("/proc/stat").split("\n", 1)[0]?.split(/\s+/).map(Number) ?? [];
  return (user + nice + system) / ticksPerSecond;
}

/** Processor seconds of this process and of its children that have ended. */
export function ownProcessorSeconds(): number {
  return timesOf(process.pid);
}

const ticksPerSecond = 100;
const pageKib = 4;
let groupsMade = 0;

interface ControlGroups {
  readonly source: string;
  readonly parent: string;
  seconds(group: string): number;
}

function controlGroups(): readonly ControlGroups[] {
  const mounts = read("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" "));
  return mounts.flatMap(([, place = "", type, options = ""]) => {
    if (type === "cgroup" && options.split(",").includes("cpuacct")) {
      return [
        {
          source: "control group (cpuacct)",
          parent: place,
          seconds: (group: string) => Number(read(join(group, "cpuacct.usage"))) / 1e9,
        },
      ];
    }
    if (type !== "cgroup2") return [];
    const own = /^0::(.*)$/m.exec(read("/proc/self/cgroup"))?.[1] ?? "/";
    return [join(place, own), place].map((parent) => ({
      source: "control group (cpu.stat)",
      parent,
      seconds: (group: string) => Number(/^usage_usec (\d+)$/m.exec(read(join(group, "cpu.stat")))?.[1] ?? 0) / 1e6,
    }));
  });
}

function groupMeter({ source, parent, seconds }: ControlGroups, roots: readonly number[]): ProcessMeter | undefined {
  const group = join(parent, `sallyport-bench-${process.pid}-${++groupsMade}`);
  const members = join(group, "cgroup.procs");
  try {
    mkdirSync(group);
    for (const id of descendants(roots)) writeFileSync(members, String(id));
  } catch {
    removeGroup(group);
    return undefined;
  }
  return {
    source,
    processorSeconds: () => seconds(group),
    processes: () => read(members).split("\n").filter(Boolean).map(Number),
    [Symbol.dispose]: () => removeGroup(group),
  };
}

/** A group with processes that are still ending cannot be removed; it is empty and costs nothing. */
function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // It was never made, or its last processes are ending.
  }
}

function descendants(roots: readonly number[]): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(statFields(Number(name))[1] ?? 0));
  }
  const isOurs = (id: number | undefined): boolean =>
    id !== undefined && id > 1 && (roots.includes(id) || isOurs(parents.get(id)));
  return [...parents.keys()].filter(isOurs);
}

/** Own times and those of children that were waited for. */
function timesOf(id: number): number {
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = statFields(id).slice(11, 15).map(Number);
  return (user + system + childUser + childSystem) / ticksPerSecond;
}

/** The fields of /proc/ID/stat behind the name: state, parent, … */
function statFields(id: number): readonly string[] {
  const text = read(`/proc/${id}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
