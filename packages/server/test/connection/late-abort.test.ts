import assert from "node:assert/strict";
import { test } from "node:test";
import { LateAbort } from "../../src/connection/late-abort.ts";

test("a signal that is asked for after the end has ended, with the first reason", () => {
  const late = new LateAbort();
  assert.equal(late.aborted, false);
  late.abort(() => "first");
  late.abort(() => assert.fail("a second reason was asked for"));
  assert.equal(late.aborted, true);
  assert.equal(late.signal.aborted, true);
  assert.equal(late.signal.reason, "first");
});

test("a signal that is asked for before the end hears of it", () => {
  const late = new LateAbort();
  const { signal } = late;
  assert.equal(signal.aborted, false);
  assert.equal(late.signal, signal);
  late.abort(() => "gone");
  assert.equal(signal.reason, "gone");
});

test("nobody listens, and no reason is made", () => {
  new LateAbort().abort(() => assert.fail("a reason was made"));
});
