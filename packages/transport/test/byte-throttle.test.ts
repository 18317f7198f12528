import { ByteThrottle } from "@sallyport/transport";
import fc from "fast-check";
import assert from "node:assert/strict";
import test from "node:test";

test("a throttle lets octets through at its rate, whatever their pieces", () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1000, max: 10_000_000 }), (sizes, rate) => {
      let nowMs = 0;
      const throttle = new ByteThrottle(rate, () => nowMs);
      let total = 0;
      for (const size of sizes) {
        nowMs += throttle.take(size);
        total += size;
      }
      const dueMs = (total * 1000) / rate;
      assert.ok(nowMs <= dueMs + 1e-6, `${nowMs} ms for ${dueMs} ms of octets`);
      assert.ok(nowMs >= dueMs - 100 - 1e-6, `${nowMs} ms for ${dueMs} ms of octets`);
    }),
  );
});

test("an idle throttle saves up no more than a tenth of a second", () => {
  let nowMs = 0;
  const throttle = new ByteThrottle(1000, () => nowMs);
  nowMs = 1_000_000;
  assert.equal(throttle.take(100), 0);
  assert.equal(throttle.take(100), 100);
});

test("transfers that share a throttle share its rate", () => {
  let nowMs = 0;
  const throttle = new ByteThrottle(1000, () => nowMs);
  const waits = Array.from({ length: 10 }, () => throttle.take(100));
  assert.equal(waits.at(-1), 1000);
  nowMs = 900;
  assert.equal(throttle.take(100), 200);
});

test("pieces are a tenth of a second, between 1 KiB and 1 MiB", () => {
  assert.deepEqual(
    [1, 50_000, 1e9].map((rate) => new ByteThrottle(rate).pieceBytes),
    [1024, 5000, 1_048_576],
  );
});
