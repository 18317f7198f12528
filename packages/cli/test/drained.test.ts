import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import test from "node:test";
import { drained } from "../src/drained.ts";

test("waits for a slow reader, however often, and leaves no listener", async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  const before = output.eventNames().map((name) => output.listenerCount(name));
  for (let count = 0; count < 20; count++) {
    assert.equal(output.write("ab"), false);
    setImmediate(() => output.read());
    // oxlint-disable-next-line no-await-in-loop -- one wait after the other
    await drained(output);
  }
  assert.deepEqual(
    output.eventNames().map((name) => output.listenerCount(name)),
    before,
  );
});

test("waits no longer for a reader that has gone", async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  output.write("ab");
  const waiting = drained(output);
  output.destroy();
  await Promise.all([waiting, once(output, "close")]);
});
