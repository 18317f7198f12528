import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue } from "../../src/shell/queue.ts";

test("a queue does one thing after the other, in order, also behind one that fails", async () => {
  const done: string[] = [];
  let running = 0;
  const queue = new Queue<string>(async ({ task }) => {
    assert.equal(++running, 1);
    await Promise.resolve();
    running--;
    done.push(task);
    if (task === "bad") throw new Error("bad");
  });
  for (const task of ["a", "bad", "b", "c"]) queue.add(task, task);
  assert.equal(queue.current?.task, "a");
  assert.equal(queue.remove(3)?.task, "b");
  assert.equal(queue.remove(3), undefined);
  await queue.idle;
  assert.deepEqual(done, ["a", "bad", "c"]);
});

test("a queue that is stopped lets what runs end and begins nothing until it is started", async () => {
  const done: string[] = [];
  const queue = new Queue<string>(async ({ task }) => void done.push(task));
  queue.add("a", "a");
  queue.add("b", "b");
  queue.stop();
  await queue.idle;
  assert.deepEqual([done, queue.waiting.map(({ task }) => task)], [["a"], ["b"]]);
  queue.start();
  await queue.idle;
  assert.deepEqual(done, ["a", "b"]);
});
