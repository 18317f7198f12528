import type { EntryJson } from "../../api/api.ts";

export type SortKey = "name" | "size" | "modified";

export interface Sorting {
  readonly key: SortKey;
  readonly isDescending: boolean;
}

type Order = (one: EntryJson, other: EntryJson) => number;

/** How entries stand: directories before files, whatever they are sorted by. */
export function orderOf({ key, isDescending }: Sorting): Order {
  return orders[key](isDescending ? -1 : 1);
}

const names = new Intl.Collator(navigator.languages, { numeric: true, sensitivity: "base" });

const orders: Readonly<Record<SortKey, (direction: 1 | -1) => Order>> = {
  name: (direction) => (one, other) => kindOrder(one, other) || direction * names.compare(one.name, other.name),
  size: (direction) => (one, other) =>
    kindOrder(one, other) || direction * ((one.size ?? -1) - (other.size ?? -1)) || names.compare(one.name, other.name),
  modified: (direction) => (one, other) =>
    kindOrder(one, other) ||
    direction * compareText(one.modified ?? "", other.modified ?? "") ||
    names.compare(one.name, other.name),
};

function kindOrder(one: EntryJson, other: EntryJson): number {
  return Number(other.type === "directory") - Number(one.type === "directory");
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Up to so many are sorted at once, which no one notices. */
const atOnce = 2_000;
const sliceMs = 8;

/**
 * Sorts without holding the page up: a few milliseconds at a time, so that it scrolls meanwhile. What is in order already,
 * as most servers send it, costs one pass. Undefined where `signal` ended it.
 */
export async function sortedInSlices<Item>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
  signal: AbortSignal,
): Promise<readonly Item[] | undefined> {
  const pause = pausing(signal);
  let runs: Item[][] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    runs.push(items.slice(at, at + atOnce).toSorted(compare));
    if (!(await pause())) return undefined;
  }
  while (runs.length > 1) {
    const next: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const merged = await merge(runs[at] ?? [], runs[at + 1] ?? [], { compare, pause });
      if (merged === undefined) return undefined;
      next.push(merged);
    }
    runs = next;
  }
  return runs[0] ?? [];
}

/** Whether there are few enough to sort them at once. */
export function isFew(items: readonly unknown[]): boolean {
  return items.length <= atOnce;
}

async function merge<Item>(
  one: readonly Item[],
  other: readonly Item[],
  { compare, pause }: { compare: (one: Item, other: Item) => number; pause: () => Promise<boolean> },
): Promise<Item[] | undefined> {
  const [last, first] = [one.at(-1), other[0]];
  if (last === undefined || first === undefined || compare(last, first) <= 0) return one.concat(other);
  const merged: Item[] = [];
  let [left, right] = [0, 0];
  for (;;) {
    const [a, b] = [one[left], other[right]];
    if (a === undefined) return merged.concat(other.slice(right));
    if (b === undefined) return merged.concat(one.slice(left));
    if (compare(a, b) <= 0) {
      merged.push(a);
      left++;
    } else {
      merged.push(b);
      right++;
    }
    if (merged.length % 512 === 0 && !(await pause())) return undefined;
  }
}

/** Makes a pause that lets the page do what waits, once a slice is over; it answers false where there is nothing to go on for. */
export function pausing(signal: AbortSignal): () => Promise<boolean> {
  let sinceMs = performance.now();
  return async () => {
    if (performance.now() - sinceMs < sliceMs) return !signal.aborted;
    await new Promise((resolve) => setTimeout(resolve));
    sinceMs = performance.now();
    return !signal.aborted;
  };
}
