/** Parses a place in a file; what it throws completes the sentence "--flag takes …, not "value"". */
export function parseOffset(text: string): number {
  const offset = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(offset)) throw new Error("a number of octets");
  return offset;
}
