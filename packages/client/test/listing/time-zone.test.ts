import assert from "node:assert/strict";
import test from "node:test";
import type { ListedTime } from "@sallyport/protocol";
import fc from "fast-check";
import {
  type ServerZone,
  type ZoneSample,
  inferZone,
  offsetMinutesOf,
  resolveWallClock,
  zoneSample,
} from "../../src/listing/time-zone.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const winter = Date.UTC(2026, 0, 15, 12, 34, 56);
const summer = Date.UTC(2026, 6, 15, 12, 34, 56);

/** What a clock in a zone shows, by another way than the code under test. */
function shownIn(zone: string, instantMs: number): number {
  return Date.parse(`${new Date(instantMs).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T")}Z`);
}

function sampleIn(zone: string, instantMs: number, wallPrecisionMs = minute, instantPrecisionMs = 1000): ZoneSample {
  const wall = shownIn(zone, instantMs);
  return {
    wallClockMs: Math.floor(wall / wallPrecisionMs) * wallPrecisionMs,
    wallPrecisionMs,
    instantMs: Math.floor(instantMs / instantPrecisionMs) * instantPrecisionMs,
    instantPrecisionMs,
  };
}

function inferred(samples: readonly ZoneSample[]): ServerZone {
  const result = inferZone(samples);
  assert.equal(result.kind, "inferred");
  assert.ok(result.kind === "inferred");
  return result.zone;
}

test("a server in UTC, or with half an hour's offset, whose files are of both seasons", () => {
  const utc = inferred([sampleIn("UTC", winter), sampleIn("UTC", summer)]);
  assert.equal(utc.confidence, "all-year");
  assert.equal(offsetMinutesOf(utc, winter), 0);
  assert.deepEqual(resolveWallClock(utc, summer, minute), { instantMs: summer, precisionMs: minute });
  const india = inferred([sampleIn("Asia/Kolkata", winter), sampleIn("Asia/Kolkata", summer)]);
  assert.equal(offsetMinutesOf(india, winter), 330);
  assert.equal(offsetMinutesOf(inferred([sampleIn("Asia/Kathmandu", winter)]), winter), 345);
});

test("files of both seasons tell a zone that sets its clocks", () => {
  const zone = inferred([sampleIn("Europe/Berlin", winter), sampleIn("Europe/Berlin", summer)]);
  assert.ok(zone.candidates.includes("Europe/Berlin"));
  assert.ok(!zone.candidates.some((name) => name.startsWith("UTC")));
  assert.equal(offsetMinutesOf(zone, winter), 60);
  assert.equal(offsetMinutesOf(zone, summer), 120);
});

test("files of one season leave the other in doubt, and the precision says so", () => {
  const zone = inferred([sampleIn("Europe/London", winter), sampleIn("Europe/London", winter - 5 * day)]);
  assert.equal(zone.confidence, "season");
  assert.equal(offsetMinutesOf(zone, winter), 0);
  assert.equal(offsetMinutesOf(zone, summer), undefined);
  const resolved = resolveWallClock(zone, summer, minute);
  assert.ok(resolved !== undefined && resolved.precisionMs >= hour + minute);
});

test("the hour that comes twice leaves a doubt of an hour, the hour that never comes does no harm", () => {
  const samples = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((month) =>
    sampleIn("America/New_York", Date.UTC(2026, month, 9)),
  );
  const zone = inferred(samples);
  const twice = Date.UTC(2026, 10, 1, 1, 30);
  assert.deepEqual(resolveWallClock(zone, twice, 0), { instantMs: Date.UTC(2026, 10, 1, 5, 30), precisionMs: hour });
  const never = Date.UTC(2026, 2, 8, 2, 30);
  assert.deepEqual(resolveWallClock(zone, never, 0), { instantMs: Date.UTC(2026, 2, 8, 6, 30), precisionMs: hour });
});

test("no samples, dates without time of day, and samples that contradict each other infer nothing", () => {
  assert.deepEqual(inferZone([]), { kind: "unknown", reason: "no-samples" });
  assert.deepEqual(inferZone([sampleIn("UTC", winter, day)]), { kind: "unknown", reason: "too-coarse" });
  const wrong = sampleIn("Asia/Tokyo", winter + hour);
  assert.deepEqual(inferZone([sampleIn("UTC", winter), wrong]), { kind: "contradiction", sample: wrong });
  const crooked = { wallClockMs: winter + 7 * minute, wallPrecisionMs: 1, instantMs: winter, instantPrecisionMs: 1 };
  assert.equal(inferZone([crooked]).kind, "contradiction");
  const farOff = { wallClockMs: winter + 15 * hour, wallPrecisionMs: 1, instantMs: winter, instantPrecisionMs: 1 };
  assert.equal(inferZone([farOff]).kind, "contradiction");
});

test("dates without time of day help where others have settled the offset", () => {
  const zone = inferred([sampleIn("America/Chicago", winter), sampleIn("America/Chicago", summer, day)]);
  assert.equal(offsetMinutesOf(zone, winter), -360);
});

test("samples come from listed times in the server's clock only", () => {
  const utc = { instantMs: winter, precisionMs: 1000 };
  const listed: ListedTime = {
    year: undefined,
    month: 1,
    day: 15,
    hour: 13,
    minute: 34,
    second: undefined,
    fraction: undefined,
    zone: "server",
    precision: "minute",
    isOrderAssumed: false,
  };
  assert.deepEqual(zoneSample(listed, utc, winter + day), {
    wallClockMs: Date.UTC(2026, 0, 15, 13, 34),
    wallPrecisionMs: minute,
    instantMs: winter,
    instantPrecisionMs: 1000,
  });
  for (const change of [{ zone: "utc" as const }, { zone: 60 }, { isOrderAssumed: true }]) {
    assert.equal(zoneSample({ ...listed, ...change }, utc, winter), undefined);
  }
});

const zones = [
  "UTC",
  "Europe/Paris",
  "Europe/London",
  "America/Toronto",
  "Australia/Melbourne",
  "Asia/Kolkata",
  "Pacific/Auckland",
  "America/Santiago",
  "Asia/Tokyo",
  "Africa/Johannesburg",
];

test("whatever is resolved, the true instant lies within the stated precision", () => {
  const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2026, 10, 22) });
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.array(instant, { minLength: 1, maxLength: 12 }),
      instant,
      (zone, instants, other) => {
        const result = inferZone(instants.map((one) => sampleIn(zone, one)));
        assert.equal(result.kind, "inferred");
        if (result.kind !== "inferred") return;
        for (const one of [...instants, other]) {
          const wall = Math.floor(shownIn(zone, one) / minute) * minute;
          const resolved = resolveWallClock(result.zone, wall, minute);
          assert.ok(resolved !== undefined);
          assert.ok(
            resolved.instantMs <= one && one < resolved.instantMs + resolved.precisionMs,
            `${zone} ${new Date(one).toISOString()}`,
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});
