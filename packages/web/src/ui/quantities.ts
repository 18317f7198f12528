import { computed } from "@preact/signals";
import { locale, texts } from "./texts/language.ts";

/** Sizes, times and rates in words. */

export function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return "";
  if (bytes < 1024) return `${bytes} B`;
  let amount = bytes;
  let unit = -1;
  for (; amount >= 1024 && unit < units.length - 1; unit++) amount /= 1024;
  return `${(amount < 10 ? tenths : wholes).value.format(amount)} ${units[unit]}`;
}

const units = ["KiB", "MiB", "GiB", "TiB", "PiB"];
const tenths = computed(
  () => new Intl.NumberFormat(locale.value, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
);
const wholes = computed(() => new Intl.NumberFormat(locale.value, { maximumFractionDigits: 0 }));
const percents = computed(() => new Intl.NumberFormat(locale.value, { style: "percent", roundingMode: "floor" }));
const dayFormat = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: "long" }));
const timeFormat = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: "medium", timeStyle: "short" }));

/** A number as this language writes it. */
export function numberText(number: number): string {
  return wholes.value.format(number);
}

export function percentText(part: number): string {
  return percents.value.format(part);
}

export function timeText(iso: string | undefined): string {
  return iso === undefined || iso === "" ? "" : timeFormat.value.format(new Date(iso));
}

/** A day without its time. */
export function dayText(iso: string): string {
  return iso === "" ? "" : dayFormat.value.format(new Date(iso));
}

export function rateText(bytesPerSecond: number): string {
  return `${sizeText(Math.round(bytesPerSecond))}/s`;
}

export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const { times } = texts.value;
  if (whole < 60) return times.seconds(whole);
  if (whole < 3600) return times.minutes(Math.floor(whole / 60), whole % 60);
  return times.hours(Math.floor(whole / 3600), Math.floor((whole % 3600) / 60));
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
