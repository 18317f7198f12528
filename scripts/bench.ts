// npm run bench [-- NAME [OPTION…]]: runs bench/NAME.ts with its options; without a name it tells which there are.
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { basename } from "node:path";

const [name, ...options] = process.argv.slice(2);
const names = globSync("bench/*.ts")
  .map((file) => basename(file, ".ts"))
  .filter((candidate) => !/-(?:client|server)$/.test(candidate))
  .toSorted();

if (name === undefined) {
  process.stdout.write(`benchmarks: ${names.join(", ")}\n`);
} else if (existsSync(`bench/${name}.ts`)) {
  const { status } = spawnSync(process.execPath, ["--conditions=source", `bench/${name}.ts`, ...options], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} else {
  process.stderr.write(`there is no benchmark ${name}; there are: ${names.join(", ")}\n`);
  process.exitCode = 64;
}
