import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { memoryOf, meterProcesses, residentKib } from "../../bench/comparison/processes.ts";

const burn = `
  const { spawnSync } = require("node:child_process");
  process.stdin.once("data", () => {
    const work = "const end = process.cpuUsage().user + 150_000; while (process.cpuUsage().user < end);";
    spawnSync(process.execPath, ["-e", work]);
    console.log("done");
  });
  console.log("ready");
`;

for (const [way, groups] of [["by the best way there is"], ["by /proc alone", []]] as const) {
  const title = `the time of children that have ended counts, and memory is that of all that run, ${way}`;
  test(title, { skip: needs("linux") }, async () => {
    const child = spawn(process.execPath, ["-e", burn], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      await once(child.stdout, "data");
      using meter = meterProcesses([child.pid ?? 0], groups);
      if (groups) assert.equal(meter.source, "times in /proc");
      assert.ok(meter.processes().includes(child.pid ?? 0));
      const before = meter.processorSeconds();
      child.stdin.write("go\n");
      await once(child.stdout, "data");
      const seconds = meter.processorSeconds() - before;
      assert.ok(seconds >= 0.14 && seconds < 5, `${seconds} s by ${meter.source}`);
      const { residentKib: resident, proportionalKib } = memoryOf(meter.processes());
      assert.ok(proportionalKib > 1024 && proportionalKib <= resident, `${proportionalKib} of ${resident} KiB`);
      assert.ok(Math.abs(residentKib(meter.processes()) - resident) < resident / 4);
    } finally {
      child.kill("SIGKILL");
    }
  });
}
