// npm run bench [-- PART…]: runs the benchmarks of bench/ whose path contains one of the parts, one after another,
// so that none disturbs the next.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const parts = process.argv.slice(2);
const benchmarks = globSync("bench/**/*.bench.ts")
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .toSorted();

if (benchmarks.length === 0) {
  process.stdout.write("no benchmark in bench/ matches\n");
  process.exitCode = 1;
}
for (const file of benchmarks) {
  process.stdout.write(`\n${file}\n`);
  const { status } = spawnSync(process.execPath, ["--conditions=source", file], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
