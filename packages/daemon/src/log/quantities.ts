/** A number of octets for people: 0 B, 9.9 kB, 12 MB; decimal units, as on the wire and on disks. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${digits} ${units[unit] ?? ""}`;
}

const units = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** A duration for people: 12 ms, 3.4 s, 5 min, 2 h 30 min. */
export function durationText(durationMs: number): string {
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  const seconds = durationMs / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 119.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Fewer octets say nothing about a rate. */
const rateBytesMin = 1_000_000;

/** Octets per second, or nothing where there were too few to tell. */
export function rateText(bytes: number, durationMs: number): string {
  return durationMs > 0 && bytes >= rateBytesMin ? `${sizeText((bytes / durationMs) * 1000)}/s` : "";
}
