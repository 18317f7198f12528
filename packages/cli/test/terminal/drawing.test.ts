import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { progressLines, progressSummary, type ProgressState } from "../../src/terminal/progress.ts";
import { ProgressDisplay } from "../../src/terminal/progress-display.ts";
import { countText, sizeText, spanText, timeText } from "../../src/terminal/quantities.ts";
import { tableLines, widthOf, withoutMiddle, type Drawing } from "../../src/terminal/table.ts";
import { jsonText, visibleText } from "../../src/terminal/visible-text.ts";

const drawing: Drawing = { width: 60, colour: false, glyphs: "unicode" };
const anything = fc.string({ unit: "binary" });
// oxlint-disable-next-line no-control-regex -- control characters are what must not come through
const harmful = /[\u0000-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/u;

describe("text from elsewhere", () => {
  test("no character of it steers a terminal, and it is well-formed", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const shown = visibleText(text);
        assert.doesNotMatch(shown, harmful);
        assert.ok(shown.isWellFormed());
      }),
    );
  });

  test("escapes are visible", () => {
    assert.equal(visibleText("a\u001B]0;owned\u0007b"), "a\\x1B]0;owned\\x07b");
    assert.equal(visibleText("caf\u{DCE9}"), "caf\\xE9");
    assert.equal(visibleText("invoice\u202Etxt.exe"), "invoice\\u202etxt.exe");
    assert.equal(visibleText("\u200Bhidden\uFEFF"), "\\u{200b}hidden\\u{feff}");
    assert.equal(visibleText("naïve 漢字 👍"), "naïve 漢字 👍");
  });

  test("JSON says the same and steers nothing either", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const written = jsonText({ text });
        assert.doesNotMatch(written, harmful);
        assert.deepEqual(JSON.parse(written), { text });
      }),
    );
    assert.equal(jsonText({ size: 2n ** 60n }), '{"size":1152921504606846976}');
  });
});

describe("quantities", () => {
  test("sizes have three figures and stand below each other", () => {
    const cases: readonly (readonly [number | bigint, string])[] = [
      [0, "0 B  "],
      [999, "999 B  "],
      [1000, "1.0 KiB"],
      [1536, "1.5 KiB"],
      [10_240, "10 KiB"],
      [1_048_576, "1.0 MiB"],
      [5_368_709_120n, "5.0 GiB"],
    ];
    for (const [bytes, text] of cases) assert.equal(sizeText(bytes), text);
  });

  test("spans and counts", () => {
    assert.deepEqual([0, 7_400, 760_000, 11_100_000, Number.POSITIVE_INFINITY].map(spanText), [
      "0:00",
      "0:07",
      "12:40",
      "3:05:00",
      "-:--",
    ]);
    assert.deepEqual([countText(1, "file"), countText(12_000, "entry", "entries")], ["1 file", "12,000 entries"]);
  });

  test("times say no more than is known", () => {
    const listed = { year: 2026, month: 2, day: 3, hour: 4, minute: 5, second: 6 };
    const instant = new Date(2026, 1, 3, 14, 5, 6);
    assert.equal(timeText({ instant, listed }), "2026-02-03 14:05:06");
    assert.equal(timeText({ instant, listed: { ...listed, second: undefined } }), "2026-02-03 14:05");
    assert.equal(timeText({ instant: undefined, listed }), "2026-02-03 04:05:06?");
    const day = { ...listed, hour: undefined, minute: undefined, second: undefined };
    assert.equal(timeText({ instant, listed: day }), "2026-02-03");
    assert.equal(timeText({ instant: undefined, listed: { ...listed, year: undefined } }), "02-03 04:05:06?");
    assert.equal(timeText(undefined), "");
  });
});

describe("tables", () => {
  const columns = [{ align: "right" }, {}, { flexibleMin: 8 }] as const;

  test("columns stand below each other, wide characters counted, and empty ones are left out", () => {
    const rows = [
      [{ text: "1" }, { text: "" }, { text: "漢字" }],
      [{ text: "22" }, { text: "" }, { text: "b" }],
    ];
    assert.deepEqual(tableLines(columns, rows, drawing), [" 1  漢字", "22  b"]);
  });

  test("no line is wider than the terminal, whatever the names are", () => {
    fc.assert(
      fc.property(
        fc.array(anything, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 20, max: 120 }),
        (names, width) => {
          const rows = names.map((name) => [{ text: "12345" }, { text: "x" }, { text: visibleText(name) }]);
          for (const line of tableLines(columns, rows, { ...drawing, width })) assert.ok(widthOf(line) <= width);
        },
      ),
    );
  });

  test("what does not fit loses its middle", () => {
    assert.equal(withoutMiddle("a-rather-long-name.tar.gz", 12, "…"), "a-ra….tar.gz");
    assert.equal(withoutMiddle("short", 12, "…"), "short");
  });
});

describe("progress", () => {
  const file = { name: "big\u001B[31m.iso", doneBytes: 512, totalBytes: 1024, isProtected: true };
  const state: ProgressState = {
    running: [file],
    finishedCount: 1,
    filesCount: 3,
    doneBytes: 1_048_576,
    totalBytes: 4_194_304,
    bytesPerSecond: 1_048_576,
  };

  test("a bar for each file and one line for all, with rate and what is left", () => {
    assert.deepEqual(progressLines(state, { ...drawing, width: 80 }), [
      "■ ━━━━━━━━━━━━────────────  50%   512 B    big\\x1B[31m.iso",
      "  1.0 MiB of 4.0 MiB, 1.0 MiB/s, 1/3 files, 0:03 left",
    ]);
    assert.equal(progressSummary(state), "1.0 MiB of 4.0 MiB at 1.0 MiB/s, 1 file done, 0:03 left");
  });

  test("no line is wider than the terminal, and a thousand files have few bars", () => {
    const many = { ...state, running: Array.from({ length: 1000 }, () => ({ ...file, name: "漢".repeat(99) })) };
    for (const width of [50, 80, 200]) {
      const lines = progressLines(many, { ...drawing, width });
      assert.equal(lines.length, 9);
      for (const line of lines) assert.ok(widthOf(line) < width, `${width}: ${line}`);
    }
  });

  test("bars are drawn over each other, and are gone at the end", async () => {
    let written = "";
    {
      using display = new ProgressDisplay({ kind: "bars", drawing, write: (text) => (written += text) });
      display.expect({ filesCount: 1 });
      display.update("a", file);
      await new Promise((resolve) => setTimeout(resolve, 350));
      display.say("a line");
      display.finish("a", "done");
    }
    assert.match(written, /50%/);
    assert.match(written, /a line\n/);
    assert.ok(written.endsWith("\u001B[2A\r\u001B[J"), JSON.stringify(written.slice(-40)));
    assert.match(stripVTControlCharacters(written), /big\\x1B\[31m/);
  });

  test("where there is no terminal nothing moves and short work says nothing", () => {
    let written = "";
    {
      using display = new ProgressDisplay({ kind: "lines", drawing, write: (text) => (written += text) });
      display.update("a", file);
      display.finish("a", "done");
    }
    assert.equal(written, "");
  });
});
