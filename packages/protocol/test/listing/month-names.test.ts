import assert from "node:assert/strict";
import { test } from "node:test";
import { octetsFromText, parseListingLine } from "@sallyport/protocol";

const languages = (
  "en de fr es it pt ca gl eu nl da nb nn sv is fi et lv lt pl cs sk sl hu ro tr el ru uk be bg mk sr sr-Latn id ms " +
  "ja zh ko ga cy"
).split(" ");

test("months by the names of the Unicode locale data: none is read as another, and short ones are known", () => {
  const wrong: string[] = [];
  const unknown: string[] = [];
  for (const language of languages) {
    for (let month = 1; month <= 12; month++) {
      for (const name of monthNames(language, month)) {
        const read = monthOf(name);
        if (read === undefined) unknown.push(`${language} ${name}`);
        else if (read !== month) wrong.push(`${language} ${name} is not ${read}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  // Names change a little between editions of the data.
  assert.ok(unknown.length <= 10, unknown.join(", "));
});

function monthOf(name: string): number | undefined {
  return parseListingLine(octetsFromText(`-rw-r--r-- 1 u g 5 ${name} 15 10:20 f`))?.time?.month;
}

/** Short names, alone and beside a day. */
function monthNames(language: string, month: number): ReadonlySet<string> {
  const date = new Date(Date.UTC(2021, month - 1, 15));
  const alone = new Intl.DateTimeFormat(language, { month: "short", timeZone: "UTC" }).format(date);
  const parts = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: "UTC" }).formatToParts(
    date,
  );
  const beside = parts.find(({ type }) => type === "month")?.value;
  return new Set([alone, beside ?? alone].filter((name) => !/\s/.test(name)));
}
