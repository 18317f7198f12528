import { type Octets, type TranscriptLine } from "@sallyport/protocol";
import assert from "node:assert/strict";
import test from "node:test";
import { TranscriptTail } from "../../src/connection/transcript-tail.ts";

test("of a line as long as a server likes, the beginning is kept and told", () => {
  const told: TranscriptLine[] = [];
  const tail = new TranscriptTail(200, (line) => told.push(line));
  const lines = Array.from({ length: 300 }, (_, at) => `${at} ${"x".repeat(50_000)}` as Octets);
  tail.reply({ kind: "reply", code: 200, lines, truncated: false });
  assert.equal(told.length, 300);
  assert.equal(tail.lines.length, 200);
  assert.ok([...told, ...tail.lines].every(({ text }) => text.length < 5_000));
  assert.match(tail.lines.at(-1)?.text ?? "", /^200 299 x+…$/);
});
