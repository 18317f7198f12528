/**
 * Tests whether two samples come from one distribution: the U test of Mann and Whitney with the normal approximation,
 * two-sided, good from about twenty values on. Ties are so rare among timings that they are not corrected for.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): { readonly p: number } {
  const all = [...first.map((value) => ({ value, mine: true })), ...second.map((value) => ({ value, mine: false }))];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  for (const [index, { mine }] of all.entries()) if (mine) rankSum += index + 1;
  const u = rankSum - (first.length * (first.length + 1)) / 2;
  const mean = (first.length * second.length) / 2;
  const deviation = Math.sqrt((first.length * second.length * (all.length + 1)) / 12);
  return { p: 2 * upperTail(Math.abs(u - mean) / deviation) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** P(Z > z) of the standard normal distribution by Abramowitz and Stegun 26.2.17; error below 1e-7. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
