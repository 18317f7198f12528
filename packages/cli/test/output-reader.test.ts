import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import test from "node:test";
import { OutputReader } from "../src/output-reader.ts";

test("waits for a slow reader, however often, and leaves no listener", async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  using reader = new OutputReader(output);
  const before = output.eventNames().map((name) => output.listenerCount(name));
  for (let count = 0; count < 20; count++) {
    setImmediate(() => output.read());
    // oxlint-disable-next-line no-await-in-loop -- one wait after the other
    await reader.take(Buffer.from("ab"));
  }
  assert.deepEqual(
    output.eventNames().map((name) => output.listenerCount(name)),
    before,
  );
});

test("waits no longer for a reader that has gone", async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  using reader = new OutputReader(output);
  const waiting = reader.take(Buffer.from("ab"));
  output.destroy();
  await Promise.all([waiting, once(output, "close")]);
  assert.equal(reader.isGone, true);
});

test("a standard stream whose reader has gone is told by its error alone", async () => {
  const program = `
    import { OutputReader } from ${JSON.stringify(new URL("../src/output-reader.ts", import.meta.url).href)};
    process.stdout.on("error", () => {});
    const reader = new OutputReader(process.stdout);
    for (let count = 0; count < 1000 && !reader.isGone; count++) await reader.take(Buffer.alloc(65536));
    process.exitCode = reader.isGone && !process.stdout.destroyed ? 7 : 0;`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", 2] });
  writer.stdout?.once("readable", () => writer.stdout?.destroy());
  assert.deepEqual(await once(writer, "exit"), [7, null]);
});
