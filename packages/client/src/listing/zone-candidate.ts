/** One rule by which a server's clock may run: a constant offset, or a zone of the IANA database. */
export interface ZoneCandidate {
  /** `UTC+02:00`, or `Europe/Berlin`. */
  readonly name: string;
  /** Minutes east of UTC at an instant. */
  offsetMinutesAt(instantMs: number): number;
}

/**
 * Constant offsets from −12 to +14 hours by quarters, then zones that set their clocks, or did so in years of which
 * files are still around; one of each rule, because zones that share it cannot be told apart by times of files.
 */
export function zoneCandidates(): readonly ZoneCandidate[] {
  return (candidates ??= [...fixedCandidates(), ...seasonalZones.flatMap((name) => namedCandidate(name) ?? [])]);
}

/**
 * The candidate of a name that {@link zoneCandidates} gave once, another constant offset such as `UTC-00:20`, or another
 * zone of the IANA database; undefined for others.
 */
export function zoneCandidate(name: string): ZoneCandidate | undefined {
  named ??= new Map(zoneCandidates().map((candidate) => [candidate.name, candidate]));
  const known = named.get(name);
  if (known !== undefined) return known;
  const found = fixedCandidateOf(name) ?? namedCandidate(name);
  if (found !== undefined && named.size < knownMax) named.set(name, found);
  return found;
}

/**
 * All instants at which a clock of the zone shows a time: one, two when clocks are set back, and where they are set
 * forward and no clock shows it, those before and after the gap that people may mean.
 */
export function instantsOf(zone: ZoneCandidate, wallClockMs: number): readonly number[] {
  const around = [wallClockMs - dayMs, wallClockMs + dayMs].map((instantMs) => zone.offsetMinutesAt(instantMs));
  const instants = around.map((offset) => wallClockMs - offset * minuteMs);
  const shown = instants.filter((instantMs, at) => zone.offsetMinutesAt(instantMs) === around[at]);
  return [...new Set(shown.length > 0 ? shown : instants)];
}

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const dayMs = 86_400_000;
let candidates: readonly ZoneCandidate[] | undefined;
let named: Map<string, ZoneCandidate> | undefined;

function fixedCandidates(): readonly ZoneCandidate[] {
  return Array.from({ length: (14 + 12) * 4 + 1 }, (_, at) => {
    const offset = at * 15 - 12 * 60;
    const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
    const sign = offset < 0 ? "-" : "+";
    const name = `UTC${sign}${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
    return { name, offsetMinutesAt: () => offset };
  });
}

/** At most 14 hours, as far as clocks on Earth lie from UTC. */
function fixedCandidateOf(name: string): ZoneCandidate | undefined {
  const [, sign, hours, minutes] = /^UTC([+-])(\d\d):([0-5]\d)$/.exec(name) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  return Math.abs(offset) <= 14 * 60 ? { name, offsetMinutesAt: () => offset } : undefined;
}

const seasonalZones: readonly string[] = [
  "Europe/London",
  "Europe/Berlin",
  "Europe/Athens",
  "Europe/Chisinau",
  "Europe/Moscow",
  "Europe/Istanbul",
  "Atlantic/Azores",
  "America/St_Johns",
  "America/Halifax",
  "America/New_York",
  "America/Chicago",
  "America/Denver",
  "America/Los_Angeles",
  "America/Anchorage",
  "America/Adak",
  "America/Nuuk",
  "America/Havana",
  "America/Mexico_City",
  "America/Sao_Paulo",
  "America/Santiago",
  "America/Asuncion",
  "Pacific/Easter",
  "Australia/Sydney",
  "Australia/Adelaide",
  "Australia/Lord_Howe",
  "Pacific/Auckland",
  "Pacific/Chatham",
  "Pacific/Norfolk",
  "Asia/Jerusalem",
  "Asia/Beirut",
  "Asia/Tehran",
  "Asia/Amman",
  "Africa/Cairo",
  "Africa/Casablanca",
];

/** Undefined where this build of Node lacks the zone. */
function namedCandidate(name: string): ZoneCandidate | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
  // Clocks are set at whole quarters of an hour, on few days, and once on each of them.
  const ofQuarter = remembering((quarter) => offsetOf(format, quarter * quarterMs));
  const ofDay = remembering((day) => {
    const first = ofQuarter((day * dayMs) / quarterMs);
    return first === ofQuarter(((day + 1) * dayMs) / quarterMs) ? first : undefined;
  });
  const offsetMinutesAt = (instantMs: number): number =>
    ofDay(Math.floor(instantMs / dayMs)) ?? ofQuarter(Math.floor(instantMs / quarterMs));
  return { name, offsetMinutesAt };
}

function remembering<T>(find: (key: number) => T): (key: number) => T {
  const known = new Map<number, T>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= knownMax) known.clear();
    const value = find(key);
    known.set(key, value);
    return value;
  };
}

const knownMax = 4_096;

/** The last part of `11/22/2026, GMT+05:30`; `GMT` alone is UTC. */
function offsetOf(format: Intl.DateTimeFormat, instantMs: number): number {
  const text = format.format(new Date(Math.min(Math.max(instantMs, -dateMaxMs), dateMaxMs)));
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(text) ?? [];
  const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return sign === "-" ? -offset : offset;
}

/** The last instant that a Date can hold. */
const dateMaxMs = 8_640_000_000_000_000;
