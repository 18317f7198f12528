import { type ListedTime, limits, precisionMs, resolveListedTime } from "@sallyport/protocol";
import { type ZoneCandidate, instantsOf, zoneCandidate, zoneCandidates } from "./zone-candidate.ts";

/**
 * The same moment told twice: by LIST, in the server's own clock, and by MDTM or MLSD, in UTC. Each is true to its
 * precision: the moment lies in `[…Ms, …Ms + precision)`.
 */
export interface ZoneSample {
  /** What the server's clock showed, as milliseconds since 1970 as if it were UTC. */
  readonly wallClockMs: number;
  readonly wallPrecisionMs: number;
  readonly instantMs: number;
  readonly instantPrecisionMs: number;
}

/** The rules by which a server's clock may run. */
export type ZoneRules = Pick<ServerZone, "candidates">;

/** How a server's clock runs, as far as is known: by one of several rules that all agree with every sample. */
export interface ServerZone {
  /** Names of `ZoneCandidate`; those that are left. */
  readonly candidates: readonly string[];
  /** `all-year` where the rules that are left agree for the whole year; `season` where they part in another season. */
  readonly confidence: "all-year" | "season";
  readonly samplesCount: number;
}

/** What samples say of a server's clock. */
export type ZoneInference =
  | { readonly kind: "inferred"; readonly zone: ServerZone }
  /** No samples, or all so coarse (dates without time of day) that the offset stays open. */
  | { readonly kind: "unknown"; readonly reason: "no-samples" | "too-coarse" }
  /** No rule agrees with all samples: a time is wrong, or a file was changed in between. Nothing is inferred. */
  | { readonly kind: "contradiction"; readonly sample: ZoneSample };

/**
 * Infers how a server's clock runs from samples, of which files of several seasons tell most. A rule is only held if it
 * agrees with all of them within their precision; `zoneSamplesCount` samples are looked at. A server that shows all
 * times with its present offset, as Windows does, looks constant until its clock is set: infer again after a week.
 */
export function inferZone(samples: readonly ZoneSample[]): ZoneInference {
  let left = zoneCandidates();
  const looked = samples.slice(0, limits.zoneSamplesCount.value);
  for (const sample of looked) {
    left = left.filter((candidate) => agrees(candidate, sample));
    if (left.length === 0) return { kind: "contradiction", sample };
  }
  const [first] = looked;
  if (first === undefined) return { kind: "unknown", reason: "no-samples" };
  if (!looked.some(({ instantMs }) => spreadMinutes(left, instantMs) === 0)) {
    return { kind: "unknown", reason: "too-coarse" };
  }
  const latestMs = Math.max(...looked.map(({ instantMs }) => instantMs));
  const isAllYear = monthsBefore(latestMs).every((instantMs) => spreadMinutes(left, instantMs) === 0);
  return {
    kind: "inferred",
    zone: {
      candidates: left.map(({ name }) => name),
      confidence: isAllYear ? "all-year" : "season",
      samplesCount: looked.length,
    },
  };
}

/** A sample of a listed time and the same entry's time in UTC; undefined where the listing did not use its own clock. */
export function zoneSample(
  listed: ListedTime,
  utc: { readonly instantMs: number; readonly precisionMs: number },
  nowMs: number,
): ZoneSample | undefined {
  const shown = listed.zone === "server" ? resolveListedTime(listed, { nowMs, serverOffsetMinutes: 0 }) : undefined;
  if (shown === undefined || shown.isOrderAssumed) return undefined;
  return {
    wallClockMs: shown.timeMs,
    wallPrecisionMs: precisionMs[shown.precision],
    instantMs: utc.instantMs,
    instantPrecisionMs: utc.precisionMs,
  };
}

/**
 * The instants that a time of the server's clock may mean: the earliest, with a precision that grows by every doubt
 * there is: which rule holds in this season, and the hour that comes twice when clocks are set back. Undefined where a
 * zone names no rule that is known here.
 */
export function resolveWallClock(
  zone: ZoneRules,
  wallClockMs: number,
  wallPrecisionMs: number,
): { readonly instantMs: number; readonly precisionMs: number } | undefined {
  const instants = candidatesOf(zone).flatMap((candidate) => instantsOf(candidate, wallClockMs));
  if (instants.length === 0) return undefined;
  const earliestMs = Math.min(...instants);
  return { instantMs: earliestMs, precisionMs: Math.max(...instants) - earliestMs + wallPrecisionMs };
}

/** The server's offset from UTC, in minutes east, when its clock shows a time; undefined where there is a doubt. */
export function offsetMinutesOf(zone: ZoneRules, wallClockMs: number): number | undefined {
  const resolved = resolveWallClock(zone, wallClockMs, 0);
  return resolved?.precisionMs === 0 ? (wallClockMs - resolved.instantMs) / 60_000 : undefined;
}

function candidatesOf(zone: ZoneRules): readonly ZoneCandidate[] {
  return zone.candidates.flatMap((name) => zoneCandidate(name) ?? []);
}

function agrees(candidate: ZoneCandidate, sample: ZoneSample): boolean {
  const { wallClockMs, wallPrecisionMs, instantMs, instantPrecisionMs } = sample;
  const offsetMs = candidate.offsetMinutesAt(instantMs) * 60_000;
  return (
    wallClockMs < instantMs + offsetMs + instantPrecisionMs && instantMs + offsetMs < wallClockMs + wallPrecisionMs
  );
}

function spreadMinutes(candidates: readonly ZoneCandidate[], instantMs: number): number {
  const offsets = candidates.map((candidate) => candidate.offsetMinutesAt(instantMs));
  return Math.max(...offsets) - Math.min(...offsets);
}

/** An instant of each month of the year before. */
function monthsBefore(instantMs: number): readonly number[] {
  return Array.from({ length: 13 }, (_, month) => instantMs - month * 28.1 * 86_400_000);
}
