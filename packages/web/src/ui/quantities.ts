/** Sizes, times and rates in words. */

export function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} B`;
  let amount = bytes;
  let unit = -1;
  for (; amount >= 1024 && unit < units.length - 1; unit++) amount /= 1024;
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

const timeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function timeText(iso: string | undefined): string {
  return iso === undefined || iso === "" ? "" : timeFormat.format(new Date(iso));
}

export function rateText(bytesPerSecond: number): string {
  return `${sizeText(Math.round(bytesPerSecond))}/s`;
}

export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Permission bits as `ls` writes them. */
export function modeText(mode: number | undefined): string {
  if (mode === undefined) return "";
  return [6, 3, 0]
    .map((shift) => [4, 2, 1].map((bit, at) => ((mode >> shift) & bit ? "rwx".charAt(at) : "-")).join(""))
    .join("");
}

/** A distinguished name of a certificate on one line. */
export function nameLine(name: string): string {
  return name.split("\n").join(", ");
}

/** Text of a server or a file name, with what could deceive the eye made visible. */
export function visible(text: string): string {
  return text.toWellFormed().replaceAll(/[\p{Cc}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu, "�");
}
