import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { calendarDate, formatTimeValue, parseTimeValue } from "@sallyport/protocol";

test("R-3659-02 whole seconds carry no fraction, others three decimals", () => {
  assert.equal(formatTimeValue(Date.UTC(1998, 5, 15, 10, 0, 45, 14)), "19980615100045.014");
  assert.equal(formatTimeValue(Date.UTC(1998, 6, 5, 13, 23, 16)), "19980705132316");
  assert.equal(formatTimeValue(Date.UTC(2023, 10, 14, 22, 13, 20) + 123.456789), "20231114221320.123");
});

test("R-3659-02 a millisecond survives seconds kept in a double", () => {
  for (const ms of [1_700_000_000_123, 1_700_000_000_001, 1_699_999_999_999]) {
    assert.equal(formatTimeValue((ms / 1000) * 1000), formatTimeValue(ms));
  }
});

test("R-3659-02 dates before 1970, at century ends, and outside of what can be written", () => {
  assert.equal(formatTimeValue(-1), "19691231235959.999");
  assert.equal(formatTimeValue(Date.UTC(2100, 1, 28, 23, 59, 59)), "21000228235959");
  assert.equal(formatTimeValue(Date.UTC(2100, 2, 1)), "21000301000000");
  assert.equal(formatTimeValue(Date.UTC(1000, 0, 1)), "10000101000000");
  assert.equal(formatTimeValue(Date.UTC(1000, 0, 1) - 1), undefined);
  assert.equal(formatTimeValue(Date.UTC(10_000, 0, 1) - 1), "99991231235959.999");
  for (const ms of [Date.UTC(10_000, 0, 1), Number.NaN, Infinity, -Infinity, Number.MAX_VALUE]) {
    assert.equal(formatTimeValue(ms), undefined);
  }
});

test("R-3659-02 the calendar is checked", () => {
  const wrong = [
    "20010229000000",
    "19000229000000",
    "20010431000000",
    "20010100000000",
    "20011301000000",
    "20010001000000",
    "20010101240000",
    "20010101006000",
    "20010101000061",
    "09990101000000",
    "2001010100000",
    "200101010000000",
    "20010101000000.",
    ".5",
    "",
    "20010101000000,5",
    " 20010101000000",
    "20010101000000\n",
    "2001010100000x",
    "+2001010100000",
    "２０010101000000",
  ];
  for (const text of wrong) assert.equal(parseTimeValue(text), undefined, text);
  assert.equal(parseTimeValue("20000229000000"), Date.UTC(2000, 1, 29));
  assert.equal(parseTimeValue("20161231235960"), Date.UTC(2017, 0, 1));
});

test("R-MFXX-01 the example of the draft, and fractions", () => {
  assert.equal(parseTimeValue("20020717210715"), Date.UTC(2002, 6, 17, 21, 7, 15));
  assert.equal(parseTimeValue("20020717210715.5"), Date.UTC(2002, 6, 17, 21, 7, 15, 500));
  assert.equal(parseTimeValue("20020717210715.050"), Date.UTC(2002, 6, 17, 21, 7, 15, 50));
  assert.equal(parseTimeValue(`20020717210715.${"9".repeat(10_000)}`), Date.UTC(2002, 6, 17, 21, 7, 15) + 999.999999);
});

test("R-3659-02 what is written can be read, and agrees with the calendar of the language", () => {
  const whole = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(10_000, 0, 1) - 1 });
  fc.assert(
    fc.property(whole, (ms) => {
      const text = formatTimeValue(ms);
      assert.ok(text !== undefined);
      assert.equal(parseTimeValue(text), ms);
      assert.equal(text.slice(0, 14), new Date(ms).toISOString().replace(/\D/g, "").slice(0, 14));
    }),
  );
});

test("R-3659-02 every fourteen digits are judged as the calendar of the language judges them", () => {
  const digits = fc.tuple(
    fc.integer({ min: 1000, max: 9999 }),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
  );
  fc.assert(
    fc.property(digits, ([year, month, day]) => {
      const text = `${year}${String(month).padStart(2, "0")}${String(day).padStart(2, "0")}`;
      const date = new Date(Date.UTC(year, month - 1, day));
      const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
      assert.equal(parseTimeValue(`${text}000000`), exists ? date.getTime() : undefined, text);
    }),
    { numRuns: 1000 },
  );
});

test("calendarDate follows the language over two thousand years", () => {
  fc.assert(
    fc.property(fc.integer({ min: -400_000, max: 400_000 }), (days) => {
      const date = new Date(days * 86_400_000);
      const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      assert.deepEqual(calendarDate(days), expected);
    }),
    { numRuns: 2000 },
  );
});

test("no text and no number makes time values throw", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseTimeValue(text)));
  fc.assert(fc.property(fc.double(), (ms) => void formatTimeValue(ms)));
});
