import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { type PeerName, versionOf } from "./contenders.ts";
import type { Spread } from "./rounds.ts";

/** What a reader has to know to weigh the figures. */
export interface Conditions {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  readonly openssl: string;
  readonly suite: string;
  readonly fileSystem: string;
  readonly processorTimeFrom: string;
  readonly workers: number;
  readonly pairs: number;
  readonly foreignCoresMost: number;
  /** What other programs had while the runs lasted. */
  readonly foreignCores: Spread;
  readonly versions: Readonly<Record<string, string>>;
  /** What runs on our Node, and what on the OpenSSL of the system; absent, servers were compared. */
  readonly ours?: string;
  readonly theirs?: string;
}

type Known = Pick<
  Conditions,
  "suite" | "fileSystem" | "processorTimeFrom" | "workers" | "pairs" | "foreignCoresMost" | "foreignCores"
> &
  Partial<Pick<Conditions, "ours" | "theirs" | "versions">> & { readonly peers: readonly PeerName[] };

/** Adds to what the run knows what the machine tells. */
export function conditionsOf({ peers, ...known }: Known): Conditions {
  return {
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    system: systemName(),
    node: process.version,
    openssl: process.versions.openssl ?? "none",
    ...known,
    versions: { ...Object.fromEntries(peers.map((name) => [name, versionOf(name)])), ...known.versions },
  };
}

/** The conditions as lines of text. */
export function describeConditions(conditions: Conditions): readonly string[] {
  const { processor, cores, memoryGib, kernel, system, node, openssl, foreignCores } = conditions;
  const { ours = "our server, the bound and the load client", theirs = "peers with the OpenSSL of the system" } =
    conditions;
  const versions = Object.entries(conditions.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${conditions.date} UTC, ${cores} cores of ${processor}, ${memoryGib} GiB, Linux ${kernel}, ${system}`,
    `Node ${node} with OpenSSL ${openssl} for ${ours}; ${conditions.suite}`,
    `${theirs}: ${versions.join(", ") || "none"}`,
    `files on ${conditions.fileSystem}, loopback, client on the same cores; ${conditions.workers} of our processes`,
    `processor time: ${conditions.processorTimeFrom}; ${conditions.pairs} pairs; median (lowest–highest) of ours / theirs;`,
    `other programs had ${foreignCores.median.toFixed(2)} cores meanwhile (median; at most ${foreignCores.high.toFixed(2)})`,
    `disturbed (*) are pairs in which other programs had more than ${conditions.foreignCoresMost} cores`,
  ];
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "unknown system";
  } catch {
    return "unknown system";
  }
}
