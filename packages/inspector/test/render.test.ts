import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import {
  renderExplanation,
  renderExplanationLive,
  terminalSettings,
  type ExplainEvent,
  type RenderOptions,
} from "@sallyport/inspector";
import fc from "fast-check";
import { columnsOf, wrap } from "../src/explain/terminal-text.ts";

const target = { host: "localhost", ports: { explicit: 2121, implicit: 2990 } };

/** Pages drawn from recorded events; UPDATE_GOLDEN=1 in the environment draws them anew, to be looked at. */
const pages: readonly (readonly [page: string, recording: string, options: Omit<RenderOptions, "host" | "ports">])[] = [
  ["sound-120", "sound", { width: 120, colour: false }],
  ["sound-80", "sound", { width: 80, colour: false }],
  ["sound-160-colour", "sound", { width: 160, colour: true }],
  ["sound-60-ascii", "sound", { width: 60, colour: false, glyphs: "ascii" }],
  ["tls12-unverified-100", "tls12-unverified", { width: 100, colour: false }],
  ["flawed-100", "flawed", { width: 100, colour: false }],
  ["flawed-40", "flawed", { width: 40, colour: false }],
  ["small-hello-120", "small-hello", { width: 120, colour: false }],
];

for (const [page, recording, options] of pages) {
  test(`the page ${page} is drawn as kept`, () => {
    const drawn = `${renderExplanation(recorded(recording), { ...target, ...options }).join("\n")}\n`;
    const file = new URL(`golden/${page}.txt`, import.meta.url);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, drawn);
    assert.equal(drawn, readFileSync(file, "utf8"));
  });
}

test("no line is wider than the terminal, at any width from 40 to 200 columns", () => {
  for (const name of ["sound", "tls12-unverified", "flawed", "small-hello"]) {
    for (let width = 40; width <= 200; width++) {
      const lines = renderExplanation(recorded(name), { ...target, width, colour: false });
      const widest = Math.max(...lines.map(columnsOf));
      assert.ok(widest <= Math.min(width, 160), `${name}: ${widest} columns at ${width}`);
    }
  }
});

test("late events keep the columns in line, in seconds", () => {
  const late = recorded("sound").map((event, at) => ({ ...event, atMs: 900 + at * 40_000 }));
  const lines = renderExplanation(late, { ...target, width: 120, colour: false });
  assert.ok(lines.every((line) => columnsOf(line) <= 120));
  assert.ok(lines.some((line) => line.startsWith(" 80.90 s ")));
});

test("colour adds nothing but colour, and says nothing that words do not", () => {
  const options = { ...target, width: 120 };
  const plain = renderExplanation(recorded("sound"), { ...options, colour: false });
  const coloured = renderExplanation(recorded("sound"), { ...options, colour: true });
  // oxlint-disable-next-line no-control-regex -- colour is made of control characters
  const bare = coloured.map((line) => line.replace(/\x1b\[\d*m/g, "").trimEnd());
  assert.deepEqual(bare, plain);
  assert.ok(coloured.some((line) => line.includes("\x1b[33m")) && coloured.some((line) => line.includes("\x1b[36m")));
  for (const word of ["clear", "readable", "encrypted"])
    assert.ok(
      plain.some((line) => line.includes(word)),
      word,
    );
});

test("no control character of a peer reaches the terminal", () => {
  const lines = renderExplanation(recorded("flawed"), { ...target, host: "a\x1b[31mb", width: 100, colour: false });
  // oxlint-disable-next-line no-control-regex -- their absence is what is tested
  assert.doesNotMatch(lines.join(""), /[\u0000-\u001f\u007f-\u009f]/);
  assert.ok(lines.some((line) => line.includes(String.raw`Willkommen \x1B[2J auf`)));
});

test("drawn live, in pieces, it is the same page", async () => {
  for (const width of [120, 60]) {
    const events = recorded("sound");
    const drawn: string[] = [];
    const slow = async function* () {
      for (const [at, event] of events.entries()) {
        if (at % 13 === 0 && events[at - 1]?.mode !== event.mode)
          await new Promise((resolve) => setTimeout(resolve, 60));
        yield event;
      }
    };
    const options = { ...target, width, colour: false };
    for await (const lines of renderExplanationLive(spaced(slow()), options)) drawn.push(...lines);
    assert.deepEqual(drawn, renderExplanation(spacedOut(events), options));
  }
});

test("side by side, a pause in the events draws what there is", async () => {
  let drawn = 0;
  const events = recorded("sound");
  const pausing = async function* () {
    yield* events.slice(0, 6);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(drawn >= 2, "heading and first rows were drawn in the pause");
    yield* events.slice(6);
  };
  for await (const lines of renderExplanationLive(pausing(), { ...target, width: 120, colour: false })) {
    if (lines.length > 0) drawn++;
  }
});

test("text is wrapped within its columns and loses nothing but spaces", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 8, max: 40 }), (text, columns) => {
      const lines = wrap(text, columns);
      for (const line of lines) assert.ok(columnsOf(line) <= columns);
      const again = wrap(text, 10_000).join("");
      assert.equal(lines.join("").replaceAll(" ", ""), again.replaceAll(" ", ""));
    }),
  );
});

test("wide and combining characters take the columns that terminals give them", () => {
  assert.equal(columnsOf("abc"), 3);
  assert.equal(columnsOf("文件"), 4);
  assert.equal(columnsOf("e\u0301"), 1);
});

test("the terminal decides by FORCE_COLOR, NO_COLOR, TERM, columns and locale", () => {
  const settings = (environment: Readonly<Record<string, string>>, isTerminal = true, columns?: number) =>
    terminalSettings({ isTerminal, columns, environment });
  assert.deepEqual(settings({}), { width: 120, colour: true, glyphs: "unicode" });
  assert.equal(settings({}, false).colour, false);
  assert.equal(settings({ NO_COLOR: "1" }).colour, false);
  assert.equal(settings({ NO_COLOR: "" }).colour, true);
  assert.equal(settings({ TERM: "dumb" }).colour, false);
  assert.equal(settings({ FORCE_COLOR: "1", NO_COLOR: "1" }, false).colour, true);
  assert.equal(settings({ FORCE_COLOR: "0" }).colour, false);
  assert.equal(settings({}, true, 97).width, 97);
  assert.equal(settings({ COLUMNS: "90" }, true, 97).width, 90);
  assert.equal(settings({ LANG: "C" }).glyphs, "ascii");
  assert.equal(settings({ LANG: "C", LC_ALL: "de_DE.UTF-8" }).glyphs, "unicode");
});

function recorded(name: string): ExplainEvent[] {
  const text = readFileSync(new URL(`golden/${name}.jsonl`, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ExplainEvent);
}

/** Pulls events apart, so that a pause never falls within a millisecond. */
function spacedOut(events: readonly ExplainEvent[]): ExplainEvent[] {
  return events.map((event, at) => ({ ...event, atMs: at * 2 }));
}

async function* spaced(events: AsyncIterable<ExplainEvent>): AsyncGenerator<ExplainEvent> {
  let at = 0;
  for await (const event of events) yield { ...event, atMs: at++ * 2 };
}
