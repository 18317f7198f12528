/** A time as a listing told it, and where it lies on the time line as far as that is known. */
export interface ShownTime {
  readonly instant: Date | undefined;
  readonly listed: {
    readonly year: number | undefined;
    readonly month: number;
    readonly day: number;
    readonly hour: number | undefined;
    readonly minute: number | undefined;
    readonly second: number | undefined;
  };
}

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** A size in three figures and its unit; the figures of a column stand below each other when it is set to the right. */
export function sizeText(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const figures = unit === 0 ? String(value) : value.toFixed(value < 9.95 ? 1 : 0);
  return `${figures} ${(units[unit] ?? "").padEnd(3)}`;
}

/** A rate, as in `1.2 MiB/s`. */
export function rateText(bytesPerSecond: number): string {
  return `${sizeText(Math.max(0, Math.round(bytesPerSecond))).trimEnd()}/s`;
}

/** A span of time, as in `0:07`, `12:40` or `3:05:00`. */
export function spanText(ms: number): string {
  if (!Number.isFinite(ms)) return "-:--";
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * A time of a listing as exactly as it was told and not more: in this machine's zone where it can be told, else the
 * server's own with a question mark behind it.
 */
export function timeText(time: ShownTime | undefined): string {
  if (time === undefined) return "";
  const { instant, listed } = time;
  const hasTimeOfDay = listed.hour !== undefined;
  const shown = instant !== undefined && hasTimeOfDay ? hereParts(instant) : listed;
  const year = shown.year === undefined ? "" : `${String(shown.year).padStart(4, "0")}-`;
  const date = `${year}${two(shown.month)}-${two(shown.day)}`;
  if (!hasTimeOfDay) return date;
  const seconds = listed.second === undefined ? "" : `:${two(shown.second ?? 0)}`;
  const isGuess = instant === undefined ? "?" : "";
  return `${date} ${two(shown.hour ?? 0)}:${two(shown.minute ?? 0)}${seconds}${isGuess}`;
}

function hereParts(instant: Date): ShownTime["listed"] {
  return {
    year: instant.getFullYear(),
    month: instant.getMonth() + 1,
    day: instant.getDate(),
    hour: instant.getHours(),
    minute: instant.getMinutes(),
    second: instant.getSeconds(),
  };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `1 file`, `2 files`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
