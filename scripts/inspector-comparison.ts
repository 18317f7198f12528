// node --conditions=source scripts/inspector-comparison.ts: scans every server that this machine has with every scanner, and
// writes docs/reference/inspector-comparison.json, of which `npm run reference` makes the tables. Takes some minutes.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import {
  agrees,
  compareServer,
  explanationOf,
  type ComparedField,
} from "../packages/inspector/test/comparison/compare.ts";
import { servers } from "../packages/inspector/test/comparison/servers.ts";

const file = new URL("../docs/reference/inspector-comparison.json", import.meta.url);
const scannerPackages = ["sslscan", "nmap", "testssl.sh"];
const serverPackages = ["vsftpd", "proftpd-core", "pure-ftpd", "python3-pyftpdlib"];

const compared: ComparedField[] = [];
for (const server of servers) {
  if (server.skip !== false) {
    process.stderr.write(`${server.name}: ${server.skip}\n`);
    continue;
  }
  const found = await compareServer(server, ["sslscan", "nmap", "testssl"]);
  compared.push(...found);
  process.stderr.write(`${server.name}: ${found.filter(agrees).length} of ${found.length} agree\n`);
  for (const one of found.filter((each) => !agrees(each) && explanationOf(each) === undefined)) {
    process.stderr.write(`  nobody explains: ${JSON.stringify(one)}\n`);
  }
}
const versions = Object.fromEntries([...scannerPackages, ...serverPackages].map((name) => [name, versionOf(name)]));
const day = new Date().toISOString().slice(0, 10);
writeFileSync(file, `${JSON.stringify({ day, versions, compared }, undefined, 1)}\n`);

/** The version of a Debian package that apt would install, which is the one that is unpacked. */
function versionOf(name: string): string {
  const said = execFileSync("apt-cache", ["policy", name], { encoding: "utf8" });
  return /Candidate: (\S+)/.exec(said)?.[1] ?? "unknown";
}
