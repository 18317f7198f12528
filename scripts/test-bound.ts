// Loaded into every test process: a test file that leaves something open fails at once with the kind of what is open,
// instead of holding up the whole run.
import { writeSync } from "node:fs";

const lingerMs = 5_000;

if (process.env["NODE_TEST_CONTEXT"] !== undefined) {
  const { after } = await import("node:test");
  after(() => void setTimeout(() => giveUp(`${lingerMs / 1000} s after its last test`), lingerMs).unref());
}

function giveUp(when: string): never {
  const open = process.getActiveResourcesInfo().join(", ");
  writeSync(2, `${process.argv[1]} is still running ${when}; open: ${open}\n`);
  process.exit(1);
}
