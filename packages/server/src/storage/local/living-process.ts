import fs from "node:fs";

import type { Octets } from "@sallyport/protocol";

import { errnoOf } from "./errno.ts";

/**
 * A name for this process that no other process has had since the machine started: boot, process namespace, number
 * and start time. Files left behind carry it, so that whoever finds one can tell whether its writer still lives.
 */
export function processToken(): Octets {
  own ??= tokenOf(process.pid);
  return own;
}

let own: Octets | undefined;

/**
 * Whether the process that a token names still runs. One of another container or machine counts as dead: its numbers
 * mean nothing here, and a directory belongs to one machine at a time.
 */
export function isLiving(token: string): boolean {
  const [, , processId] = token.split("-");
  if (processId === undefined || !/^\d+$/.test(processId)) return false;
  return token === processToken() || token === tokenOf(Number(processId));
}

function tokenOf(processId: number): Octets {
  const boot = read("/proc/sys/kernel/random/boot_id").slice(0, 8);
  const namespace = /\d+/.exec(readLink("/proc/self/ns/pid"))?.[0] ?? "";
  return `${boot}-${namespace}-${processId}-${startTicks(processId)}` as Octets;
}

/**
 * Field 22 of `/proc/PID/stat`; without `/proc` only whether there is such a process. One that has ended and that nobody
 * has waited for yet, as a worker whose primary was killed as well, writes no more.
 */
function startTicks(processId: number): string {
  const line = read(`/proc/${processId}/stat`);
  if (line !== "") {
    const [state = "", ...fields] = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? "dead" : (fields[18] ?? "");
  }
  try {
    process.kill(processId, 0);
    return "0";
  } catch {
    return "dead";
  }
}

/** What a file in `/proc` says; empty where there is none, and no guess where it cannot be told. */
function read(path: string): string {
  return orAbsent(() => fs.readFileSync(path, "latin1"));
}

function readLink(path: string): string {
  return orAbsent(() => fs.readlinkSync(path));
}

function orAbsent(look: () => string): string {
  try {
    return look();
  } catch (error) {
    if (absent.has(errnoOf(error))) return "";
    throw error;
  }
}

const absent: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ESRCH", "EACCES"]);
