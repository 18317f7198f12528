/** Octets `first` to `end` (exclusive) of a file. */
export type ByteRange = readonly [first: number, end: number];

/*
 * Sets of octets as sorted ranges that neither touch nor overlap.
 */

/** The set with one more range. */
export function addRange(ranges: readonly ByteRange[], [first, end]: ByteRange): readonly ByteRange[] {
  if (end <= first) return ranges;
  const before = ranges.filter((range) => range[1] < first);
  const behind = ranges.filter((range) => range[0] > end);
  const touched = ranges.slice(before.length, ranges.length - behind.length);
  const joined: ByteRange = [Math.min(first, touched[0]?.[0] ?? first), Math.max(end, touched.at(-1)?.[1] ?? end)];
  return [...before, joined, ...behind];
}

/** What lies below `end` and is not in the set. */
export function missingRanges(ranges: readonly ByteRange[], end: number): readonly ByteRange[] {
  const missing: ByteRange[] = [];
  let at = 0;
  for (const range of ranges) {
    if (range[0] > at && at < end) missing.push([at, Math.min(range[0], end)]);
    at = Math.max(at, range[1]);
  }
  return at < end ? [...missing, [at, end]] : missing;
}

/** What of the set lies below `end`. */
export function clipRanges(ranges: readonly ByteRange[], end: number): readonly ByteRange[] {
  return ranges.filter(([first]) => first < end).map(([first, last]) => [first, Math.min(last, end)]);
}

export function countOctets(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, [first, end]) => sum + end - first, 0);
}

/** How many octets there are from the beginning without a gap. */
export function prefixBytes([range]: readonly ByteRange[]): number {
  return range?.[0] === 0 ? range[1] : 0;
}
