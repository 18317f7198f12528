import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Sorts items and lets others have their turn every few milliseconds: sorting a hundred thousand names at once would
 * hold up every connection for a tenth of a second. Equal items keep their order.
 */
export async function sortInTurns<T>(items: T[], compare: (left: T, right: T) => number): Promise<T[]> {
  if (items.length <= runCount) return items.toSorted(compare);
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += runCount) {
    runs.push(items.slice(at, at + runCount).toSorted(compare));
    await nextTurn();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(left: T[], right: T[], compare: (left: T, right: T) => number): Promise<T[]> {
  if (right.length === 0) return left;
  const merged: T[] = [];
  let [atLeft, atRight] = [0, 0];
  while (atLeft < left.length && atRight < right.length) {
    const [one, other] = [left[atLeft] as T, right[atRight] as T];
    if (compare(one, other) <= 0) {
      merged.push(one);
      atLeft++;
    } else {
      merged.push(other);
      atRight++;
    }
    if (merged.length % runCount === 0) await nextTurn();
  }
  return merged.concat(left.slice(atLeft), right.slice(atRight));
}

/** So many names are sorted, or merged, in two or three milliseconds. */
const runCount = 4096;
