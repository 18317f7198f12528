import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { octetsFromText, parseListingLine, precisionMs, resolveListedTime, withYear } from "@sallyport/protocol";

const day = 86_400_000;

test("a missing year is the latest in which the date is no later than a day after now", () => {
  const nowMs = Date.UTC(2026, 2, 1, 12, 0);
  const year = (date: string) => withYear(timeOf(date), nowMs).year;
  assert.equal(year("Mar  1 11:59"), 2026);
  assert.equal(year("Mar  2 12:00"), 2026);
  assert.equal(year("Mar  2 12:01"), 2025);
  assert.equal(year("Dec 31 23:59"), 2025);
  assert.equal(year("Feb 29 10:00"), 2024);
  assert.equal(year("Jan  5  2019"), 2019);
  const newYear = Date.UTC(2025, 11, 31, 12, 30);
  assert.equal(withYear(timeOf("Jan  1 12:00"), newYear).year, 2026, "a server east of here has the next year");
  assert.equal(withYear(timeOf("Jan  1 13:00"), newYear).year, 2025);
});

test("the server's zone moves what a day after now means", () => {
  const nowMs = Date.UTC(2025, 11, 30, 23, 0);
  assert.equal(withYear(timeOf("Jan  1 10:00"), nowMs, 14 * 60).year, 2026);
  assert.equal(withYear(timeOf("Jan  1 10:00"), nowMs, -12 * 60).year, 2025);
});

test("R-LIST-07 without the server's offset its times stay unknown; UTC and stated offsets need none", () => {
  const nowMs = Date.UTC(2026, 2, 1);
  const list = timeOf("Jan  5  2019");
  assert.equal(resolveListedTime(list, { nowMs }), undefined);
  assert.equal(resolveListedTime(list, { nowMs, serverOffsetMinutes: 120 })?.timeMs, Date.UTC(2019, 0, 4, 22));
  const full = timeOf("2021-03-04 05:06:07.123456789 -0330");
  const { timeMs, precision } = resolveListedTime(full, { nowMs }) ?? {};
  assert.equal(precision, "nanosecond");
  assert.equal(Math.floor(timeMs ?? 0), Date.UTC(2021, 2, 4, 8, 36, 7, 123));
  assert.equal(precisionMs[precision ?? "day"], 1e-6);
  const facts = parseListingLine(octetsFromText("type=file;modify=19700101000000.25; f"), { isMlsx: true });
  assert.deepEqual(facts?.time && resolveListedTime(facts.time, { nowMs }), {
    timeMs: 250,
    precision: "millisecond",
    isOrderAssumed: false,
  });
});

test("the rule holds for every date and clock", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2190, 0, 1) }),
      fc.integer({ min: 0, max: 365 * 24 * 60 - 2 }),
      (nowMs, minutesAgo) => {
        // A date of the last year, less one day of skew, is found again, unless a leap day shortens the year.
        const then = new Date(Math.floor((nowMs + day - minutesAgo * 60_000) / 60_000) * 60_000);
        const text = `${then.toUTCString().slice(8, 11)} ${then.getUTCDate()} ${then.toISOString().slice(11, 16)}`;
        const resolved = resolveListedTime(timeOf(text), { nowMs, serverOffsetMinutes: 0 });
        assert.equal(resolved?.timeMs, then.getTime());
        assert.equal(resolved?.precision, "minute");
      },
    ),
    { numRuns: 2000 },
  );
});

test("dates that do not exist leave the entry without time", () => {
  for (const date of ["Feb 30 10:10", "Feb 29  2023", "Jan 32  2020", "Jan  1 24:00", "Jan  1 10:60", "Jan  0 10:00"]) {
    const entry = parseListingLine(octetsFromText(`-rw-r--r-- 1 u g 5 ${date} name`));
    assert.equal(entry?.name, "name", date);
    assert.equal(entry.time, undefined, date);
  }
});

function timeOf(date: string) {
  const time = parseListingLine(octetsFromText(`-rw-r--r-- 1 u g 5 ${date} name`))?.time;
  assert.ok(time, date);
  return time;
}
