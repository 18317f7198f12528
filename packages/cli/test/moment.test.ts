import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMoment } from "../src/moment.ts";

const now = Date.UTC(2026, 10, 22, 12);

test("ages, days and times are moments, and nothing else is", () => {
  assert.equal(parseMoment("7d", now), now - 7 * 86_400_000);
  assert.equal(parseMoment("90m", now), now - 90 * 60_000);
  assert.equal(parseMoment("2W", now), now - 14 * 86_400_000);
  assert.equal(parseMoment("2026-01-31T08:00Z", now), Date.UTC(2026, 0, 31, 8));
  assert.equal(parseMoment("2026-01-31T08:00+02:00", now), Date.UTC(2026, 0, 31, 6));
  assert.equal(parseMoment("2026-01-31", now), new Date(2026, 0, 31).getTime(), "the local day");
  for (const text of ["", "7", "d", "yesterday", "2026-02-31", "2026-13-01", "31.01.2026", "1e9d"]) {
    assert.throws(() => parseMoment(text, now), /an age as in/, text);
  }
});
