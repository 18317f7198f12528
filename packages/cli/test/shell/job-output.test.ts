import assert from "node:assert/strict";
import { test } from "node:test";
import { JobOutput } from "../../src/shell/job-output.ts";

test("what a job writes that nobody looks at is kept in its order, up to a bound, and told once", async () => {
  const output = new JobOutput(false);
  output.out.write("one\n");
  output.err.write("two\n");
  output.out.write(Buffer.alloc(2_000_000));
  output.err.write("three\n");
  await output.flush();
  const kept = output.takeKept();
  assert.deepEqual(
    kept.map(({ target, chunk }) => [target === process.stderr ? "err" : "out", chunk.toString()]),
    [
      ["out", "one\n"],
      ["err", "two\n"],
      ["err", "three\n"],
      ["err", "(more that it wrote was dropped)\n"],
    ],
  );
  assert.deepEqual(output.takeKept(), []);
});
