/** The part of a file that a request is for; `end` is behind its last octet. */
export interface WantedRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header (RFC 9110 §14.2) of a file of known size. Undefined means the whole file: no header, another unit,
 * several ranges, or a syntax error, all of which a server may answer so.
 */
export function parseRange(header: string | undefined, sizeBytes: number): WantedRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(" ", "") ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? "unsatisfiable" : { start: sizeBytes - length, end: sizeBytes };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}

/** Whether a part continues what the browser has: If-Range with another validator asks for the whole (RFC 9110 §13.1.5). */
export function rangeHolds(ifRange: string | undefined, entityTag: string | undefined): boolean {
  return ifRange === undefined || (entityTag !== undefined && ifRange === entityTag);
}
