/**
 * Measures how long an inspection takes: the default run against our own server on the loopback, without a login and with
 * one, and against the servers of others that this machine has.
 *
 *     npm run bench -- inspect [runs]
 *
 * Waits on purpose, to see that a port keeps silent or that nothing more comes, are told apart: the target is held against
 * the rest. Others' servers wait on purpose as well, at logins that fail, which no inspection can shorten; they are shown
 * without a target.
 */
import { inspect, type InspectOptions } from "@sallyport/inspector";
import {
  needs,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startPyftpdlib,
  startVsftpd,
  type Peer,
} from "@sallyport/testing";
import { readFileSync } from "node:fs";
import { startOwnServer } from "./own-server.ts";

const targetMs = 3000;
const [given = "7"] = process.argv.slice(2);
await measure(Number(given));

async function measure(runs: number): Promise<void> {
  using own = await startOwnServer();
  const { explicit, implicit, caFile } = own;
  const ports = { explicit, implicit };
  const ca = readFileSync(caFile, "latin1");
  const credentials = { user: "alice", password: "secret" };
  const worst = [
    await median("Sallyport, no login", runs, { ports, ca }),
    await median("Sallyport, with a login", runs, { ports, ca, credentials }),
  ].toSorted((one, other) => other - one)[0];
  const others: readonly (readonly [string, readonly string[], () => Promise<Peer>])[] = [
    ["vsftpd", peerNeeds.vsftpd, () => startVsftpd()],
    ["ProFTPD", peerNeeds.proftpd, () => startProftpd()],
    ["Pure-FTPd", peerNeeds.pureFtpd, () => startPureFtpd()],
    ["pyftpdlib", peerNeeds.pyftpdlib, () => startPyftpdlib()],
  ];
  for (const [name, needed, start] of others) {
    if (needs(...needed) !== false) continue;
    await using peer = await start();
    await median(`${name}, with a login`, Math.min(runs, 3), optionsOf(peer));
  }
  console.log(`target: Sallyport under ${targetMs} ms without the waits on purpose`);
  process.exitCode = (worst ?? 0) < targetMs ? 0 : 1;
}

function optionsOf(peer: Peer): InspectOptions {
  const { explicitPort, implicitPort = "off", caFile, user, password } = peer;
  const ports = { explicit: explicitPort, implicit: implicitPort } as const;
  return { ports, ca: readFileSync(caFile, "latin1"), credentials: { user, password } };
}

/** Prints one line, and gives the median time without the waits. */
async function median(name: string, runs: number, options: InspectOptions): Promise<number> {
  const seen: {
    readonly tookMs: number;
    readonly waitedMs: number;
    readonly control: number;
    readonly data: number;
  }[] = [];
  for (let run = 0; run < runs; run++) {
    const report = await inspect("127.0.0.1", options);
    if ("kind" in report) throw new Error(JSON.stringify(report));
    seen.push({ ...report.connections, tookMs: report.tookMs, waitedMs: report.waitedMs });
  }
  const sorted = seen.toSorted((one, other) => one.tookMs - one.waitedMs - (other.tookMs - other.waitedMs));
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) return 0;
  const { tookMs, waitedMs, control, data } = middle;
  const netMs = tookMs - waitedMs;
  const columns = [`${name}:`.padEnd(26), `${tookMs} ms`.padStart(8), `waits ${waitedMs} ms`.padStart(14)];
  console.log(...columns, `rest ${netMs} ms`.padStart(13), ` ${control} control connections, ${data} data connections`);
  return netMs;
}
