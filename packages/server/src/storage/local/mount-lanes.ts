import fs from "node:fs";

import { limits } from "@sallyport/protocol";

import { StorageError } from "../storage-error.ts";
import type { NativePath } from "./native-path.ts";
import { type Mount, readMounts } from "./local-file-system.ts";

/**
 * Makes a call of libuv's thread pool in the lane of the mount that it goes to, so that a mount which hangs holds a part
 * of the threads only. Nothing can free a thread from a call that does not return; what waits for it can be freed.
 *
 * Rejects with StorageError `failed` after `storageCallMs`, in the lane or in the call. `undo` gets what the call brings
 * after that, to close it. A call that is `patient` is waited for once it was made: its buffer is in use until then.
 */
export function inLane<T>(
  target: NativePath | number,
  call: () => Promise<T>,
  options: { readonly undo?: (late: T) => void; readonly patient?: boolean } = {},
): Promise<T> {
  const point = mountPointOf(target);
  if (point === undefined) return call();
  const lane = lanes.get(point) ?? { running: 0, waiting: [] };
  lanes.set(point, lane);
  return new Promise<T>((resolve, reject) => {
    const waiting: Waiting = { begin: () => undefined };
    const deadline = setTimeout(() => {
      const at = lane.waiting.indexOf(waiting);
      if (at >= 0) lane.waiting.splice(at, 1);
      else if (options.patient === true) return;
      given = true;
      reject(new StorageError("failed", `the mount ${point} does not answer`));
    }, limits.storageCallMs.value);
    let given = false;
    waiting.begin = () => {
      lane.running++;
      runningCount++;
      call().then(
        (result) => {
          leave(lane, deadline);
          if (given) options.undo?.(result);
          else resolve(result);
        },
        (error) => {
          leave(lane, deadline);
          reject(error);
        },
      );
    };
    lane.waiting.push(waiting);
    proceed();
  });
}

interface Waiting {
  begin: () => void;
}

interface Lane {
  running: number;
  readonly waiting: Waiting[];
}

const lanes = new Map<string, Lane>();
let runningCount = 0;

/** Half of the threads are for one mount at most, and two are for none of them. */
const threadsCount = Number(process.env["UV_THREADPOOL_SIZE"] ?? 4) || 4;
const laneCountMax = Math.max(1, threadsCount >> 1);
const lanesCountMax = Math.max(1, threadsCount - 2);

function leave(lane: Lane, deadline: NodeJS.Timeout): void {
  clearTimeout(deadline);
  lane.running--;
  runningCount--;
  proceed();
}

/** Lets calls begin as far as there is room, a lane after the other. */
function proceed(): void {
  for (const [point, lane] of lanes) {
    if (lane.running === 0 && lane.waiting.length === 0) lanes.delete(point);
    while (hasRoom(lane)) {
      const next = lane.waiting.shift();
      if (next === undefined) break;
      next.begin();
    }
  }
}

function hasRoom(lane: Lane): boolean {
  return runningCount < lanesCountMax && lane.running < laneCountMax;
}

/** Where the mount of a path or descriptor lies; undefined where it answers at once. No call here asks the mount. */
function mountPointOf(target: NativePath | number): string | undefined {
  const path = typeof target === "number" ? `/proc/self/fd/${target}` : target.toString("latin1");
  const [, descriptor, rest = ""] = /^\/proc\/self\/fd\/(\d+)(.*)$/s.exec(path) ?? [];
  const whole = descriptor === undefined ? path : placeOf(descriptor) + rest;
  let longest = "";
  let isLocal = true;
  for (const mount of mounts()) {
    const isAbove = whole === mount.point || whole.startsWith(mount.point === "/" ? "/" : `${mount.point}/`);
    if (!isAbove || mount.point.length < longest.length) continue;
    longest = mount.point;
    ({ isLocal } = mount);
  }
  return isLocal ? undefined : longest;
}

function placeOf(descriptor: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`, "latin1");
  } catch {
    return "";
  }
}

/** Reading the table takes a fraction of a millisecond, and mounts change seldom. */
const tableMs = 1_000;
let table: readonly Mount[] = [];
let tableReadMs = Number.NEGATIVE_INFINITY;

function mounts(): readonly Mount[] {
  if (performance.now() - tableReadMs > tableMs) {
    table = readMounts();
    tableReadMs = performance.now();
  }
  return table;
}
