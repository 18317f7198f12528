/** How exactly a time is known, as listings tell it. */
export interface ShownTime {
  readonly instant?: Date;
  readonly precision: "millisecond" | "second" | "minute" | "day" | "year";
  readonly zone: "utc" | "server" | "unknown";
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
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * A time of a listing as exactly as it is known and not more, in this machine's zone where it can be told, else in the
 * server's own with a question mark behind it.
 */
export function timeText(time: ShownTime | undefined): string {
  if (time?.instant === undefined || Number.isNaN(time.instant.getTime())) return "";
  const isOwnZone = time.zone !== "unknown" && time.precision !== "day" && time.precision !== "year";
  const { instant } = time;
  const parts = isOwnZone
    ? [
        instant.getFullYear(),
        instant.getMonth() + 1,
        instant.getDate(),
        instant.getHours(),
        instant.getMinutes(),
        instant.getSeconds(),
      ]
    : [
        instant.getUTCFullYear(),
        instant.getUTCMonth() + 1,
        instant.getUTCDate(),
        instant.getUTCHours(),
        instant.getUTCMinutes(),
        instant.getUTCSeconds(),
      ];
  const [year = "", month = "", day = "", hours = "", minutes = "", seconds = ""] = parts.map((part, at) =>
    String(part).padStart(at === 0 ? 4 : 2, "0"),
  );
  const date = `${year}-${month}-${day}`;
  const texts = {
    year,
    day: date,
    minute: `${date} ${hours}:${minutes}`,
    second: `${date} ${hours}:${minutes}:${seconds}`,
    millisecond: `${date} ${hours}:${minutes}:${seconds}`,
  };
  return texts[time.precision] + (time.zone === "unknown" && texts[time.precision].length > 10 ? "?" : "");
}

/** `1 file`, `2 files`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
