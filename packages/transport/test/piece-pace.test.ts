import assert from "node:assert/strict";
import test from "node:test";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { PiecePace } from "../src/piece-pace.ts";

const kibibyte = 1024;
const mebibyte = 1_048_576;
const sampleBytes = 4 * mebibyte;

test("a fast stream of which each turn brings little is gathered in small pieces, and in large ones when turns bring much", async () => {
  const pace = new PiecePace();
  let received = 0;
  let pieceBytes = 0;
  // Whoever takes the processor away meanwhile makes the stream a slow one.
  for (let sample = 0; sample < 100 && pieceBytes !== 64 * kibibyte; sample++) {
    for (const next = received + sampleBytes; received < next;) {
      await turn();
      received += 256 * kibibyte;
      pieceBytes = pace.pieceBytesAt(received);
    }
  }
  assert.equal(pieceBytes, 64 * kibibyte);
  for (const next = received + sampleBytes; received < next;) pieceBytes = pace.pieceBytesAt((received += mebibyte));
  assert.equal(pieceBytes, 256 * kibibyte);
});

test("a slow stream is gathered in large pieces", async () => {
  const pace = new PiecePace();
  for (let received = 0; received <= 2 * sampleBytes; received += mebibyte) {
    assert.equal(pace.pieceBytesAt(received), 256 * kibibyte);
    await sleep(20);
  }
});
