// node --conditions=source scripts/inspector-comparison.ts [SERVER…]: scans every server that this machine has, or those
// that are named, with every scanner, and writes what came of it into docs/reference/inspector-comparison.json, of which
// `npm run reference` makes the tables. Takes a quarter of an hour for all.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import {
  agrees,
  compareServer,
  explanationOf,
  type ComparedField,
  type ComparisonRun,
} from "../packages/inspector/test/comparison/compare.ts";
import { servers } from "../packages/inspector/test/comparison/servers.ts";

const file = new URL("../docs/reference/inspector-comparison.json", import.meta.url);
const packages = ["sslscan", "nmap", "testssl.sh", "vsftpd", "proftpd-core", "pure-ftpd", "python3-pyftpdlib"];

const named = process.argv.slice(2);
for (const server of servers.filter(({ name }) => named.length === 0 || named.includes(name))) {
  if (server.skip !== false) {
    process.stderr.write(`${server.name}: ${server.skip}\n`);
    continue;
  }
  const found = await compareServer(server, ["sslscan", "nmap", "testssl"]);
  keep(server.name, found);
  process.stderr.write(`${server.name}: ${found.filter(agrees).length} of ${found.length} agree\n`);
  for (const one of found.filter((each) => !agrees(each) && explanationOf(each) === undefined)) {
    process.stderr.write(`  nobody explains: ${JSON.stringify(one)}\n`);
  }
}

/** Puts what was found of one server into the file, in the place of what stood there. */
function keep(name: string, found: readonly ComparedField[]): void {
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ComparisonRun).compared : [];
  const all = [...before.filter(({ server }) => server !== name), ...found];
  const order = servers.map((server) => server.name);
  const run: ComparisonRun = {
    day: new Date().toISOString().slice(0, 10),
    versions: Object.fromEntries(packages.map((each) => [each, versionOf(each)])),
    compared: all.toSorted((one, other) => order.indexOf(one.server) - order.indexOf(other.server)),
  };
  writeFileSync(file, `${JSON.stringify(run, undefined, 1)}\n`);
}

/** The version of a Debian package that apt would install, which is the one that is unpacked. */
function versionOf(name: string): string {
  const said = execFileSync("apt-cache", ["policy", name], { encoding: "utf8" });
  return /Candidate: (\S+)/.exec(said)?.[1] ?? "unknown";
}
