/**
 * A moment as a person names it: an age (`90m`, `12h`, `7d`, `2w`), a day or a time of the local clock (`2026-11-22`,
 * `2026-11-22T15:30`), or one with its zone (`2026-11-22T15:30Z`). Milliseconds since 1970.
 *
 * @throws {Error} with what it should be.
 */
export function parseMoment(text: string, nowMs: number = Date.now()): number {
  const [, count, unit = ""] = /^(\d{1,6})([smhdw])$/i.exec(text) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (unitsMs[unit.toLowerCase()] ?? Number.NaN);
  const [, day, time = "T00:00", zone = ""] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?)?(Z|[+-]\d\d:\d\d)?$/i.exec(text) ?? [];
  // A day of its own would be read as one of UTC.
  const instantMs = day === undefined ? Number.NaN : Date.parse(`${day}${time}${zone}`);
  if (Number.isNaN(instantMs) || !isOnCalendar(day))
    throw new Error("an age as in 7d or 12h, or a day or time as in 2026-01-31 or 2026-01-31T08:00");
  return instantMs;
}

/** A 31 February would be read as a day of March. */
function isOnCalendar(day = ""): boolean {
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day);
}

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
