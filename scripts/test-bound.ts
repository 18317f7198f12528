// Loaded into every test process: a test file that leaves something open fails soon after its last test and names the
// kind of what is open, instead of holding up the whole run. Workers and processes that a test forks inherit the
// option that loads this, and are let alone.
import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const lingerMs = 5_000;
const file = process.argv[1] ?? "";

if (isMainThread && process.env["NODE_TEST_CONTEXT"] !== undefined && file.endsWith(".test.ts")) {
  const { after } = await import("node:test");
  after(() => void setTimeout(giveUp, lingerMs).unref());
}

function giveUp(): never {
  const open = process.getActiveResourcesInfo().join(", ");
  writeSync(2, `${file} is still running ${lingerMs / 1000} s after its last test; open: ${open}\n`);
  process.exit(1);
}
