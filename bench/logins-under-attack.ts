/**
 * Measures what wrong passwords do to everybody else: 1,000 a second from 1,000 addresses for a minute, while downloads
 * run and people log in.
 *
 *   npm run bench -- logins-under-attack [--seconds 60] [--rate 1000] [--addresses 1000] [--name NAME] [--workers N] [--json FILE]
 *
 * Downloads are held to a rate by their clients, as on a network, because the guesser, the downloading clients and the
 * server share this machine: what the guesser itself uses is said beside the result. Good logins are whole runs of curl
 * with a listing; `known` ones come from an address where the account has logged in before, `new` ones never do.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { makeGround } from "./comparison/ground.ts";
import { memoryOf, meterProcesses } from "./comparison/processes.ts";
import { compileProgram, startProgram } from "./comparison/program.ts";
import { startSallyport } from "./comparison/sallyport.ts";

/** What is done to the server and for how long. */
export interface Attack {
  readonly seconds: number;
  /** Wrong passwords a second. */
  readonly rate: number;
  /** Addresses that take turns. */
  readonly addresses: number;
  /** Account that is guessed at; absent: a name for each attempt. */
  readonly name?: string;
  readonly workers: number;
}

/** What became of everybody else meanwhile. */
export interface AttackReport {
  /** Octets per second of all downloads together, before and during the attack. */
  readonly quietBytesPerSecond: number;
  readonly attackedBytesPerSecond: number;
  readonly knownLogins: Latencies;
  readonly newLogins: Latencies;
  /** Of all processes of the server: before, and the most during the attack. */
  readonly quietPssKib: number;
  readonly attackedPssKib: number;
  readonly serverProcessorSeconds: number;
  readonly guesser: GuesserReport;
}

interface GuesserReport {
  readonly seconds: number;
  /** Attempts that got as far as PASS. */
  readonly passwords: number;
  /** Attempts that were turned away at the door. */
  readonly refused: number;
  readonly failed: number;
  readonly processorSeconds: number;
}

interface Latencies {
  readonly count: number;
  readonly failed: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

const run = promisify(execFile);
const downloads = 8;
const downloadRate = 6_000_000;
const fileBytes = 1_073_741_824;
const quietSeconds = 15;

/** Runs an attack against a server of its own and reports. */
export async function attackLogins(attack: Attack): Promise<AttackReport> {
  const sizes = { bulkBytes: 0, streamBytes: 0, smallFiles: 1, smallBytes: 1, someEntries: 1, manyEntries: 1 };
  using ground = makeGround(sizes);
  await run("truncate", ["-s", String(fileBytes), `${ground.home}/big`]);
  const guesser = await compileProgram("guesser", ground.directory);
  const server = await startSallyport({ ground, workers: attack.workers, options: [], hash: "argon2id", preloads: [] });
  try {
    using meter = meterProcesses(server.roots);
    await logIn(server.port, "127.0.0.1");
    const quietBytesPerSecond = await downloadFor(server.port, quietSeconds);
    const quietPssKib = memoryOf(meter.processes()).proportionalKib;
    const before = meter.processorSeconds();
    const end = performance.now() + attack.seconds * 1000;
    const known = repeatLogins(server.port, end, () => "127.0.0.1");
    let strangers = 0;
    const fresh = repeatLogins(server.port, end, () => `127.8.${strangers >> 8}.${1 + (strangers++ & 127)}`);
    const [attackedBytesPerSecond, guesserReport, attackedPssKib, knownLogins, newLogins] = await Promise.all([
      downloadFor(server.port, attack.seconds),
      runGuesser(guesser, server.port, attack),
      mostMemory(() => memoryOf(meter.processes()).proportionalKib, end),
      known,
      fresh,
    ]);
    const serverProcessorSeconds = meter.processorSeconds() - before;
    return {
      ...{ quietBytesPerSecond, attackedBytesPerSecond, knownLogins, newLogins, quietPssKib, attackedPssKib },
      ...{ serverProcessorSeconds, guesser: guesserReport },
    };
  } finally {
    await server.stop();
  }
}

async function runGuesser(object: string, port: number, attack: Attack): Promise<GuesserReport> {
  const { rate, seconds, addresses, name } = attack;
  const options = ["-p", port, "-r", rate, "-s", seconds, "-a", addresses].map(String);
  const child = startProgram(object, [...options, ...(name === undefined ? [] : ["-u", name])]);
  const output = await Array.fromAsync(child.stdout.setEncoding("utf8"));
  return JSON.parse(output.join("")) as GuesserReport;
}

/** Octets per second that all downloads together get. */
async function downloadFor(port: number, seconds: number): Promise<number> {
  const one = async (): Promise<number> => {
    const words = [...curlWords, "--limit-rate", String(downloadRate), "--max-time", String(seconds)];
    const target = [`ftp://alice:secret@127.0.0.1:${port}/big`, "-o", "/dev/null", "-w", "%{size_download}"];
    // It ends by the clock, which is exit code 28.
    const { stdout } = await run("curl", [...words, ...target]).catch((error: { stdout: string }) => error);
    return Number(stdout) / seconds;
  };
  const rates = await Promise.all(Array.from({ length: downloads }, one));
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function repeatLogins(port: number, endMs: number, nextAddress: () => string): Promise<Latencies> {
  const pending: Promise<number | undefined>[] = [];
  while (performance.now() < endMs - 1000) {
    pending.push(logIn(port, nextAddress()));
    // oxlint-disable-next-line no-await-in-loop -- a steady rate
    await sleep(500);
  }
  const outcomes = await Promise.all(pending);
  const times = outcomes.filter((ms) => ms !== undefined).toSorted((one, other) => one - other);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { count: outcomes.length, failed: outcomes.length - times.length, medianMs: at(0.5), p99Ms: at(0.99) };
}

/** Milliseconds from connecting to the end of a listing, or undefined where the login was refused. */
async function logIn(port: number, address: string): Promise<number | undefined> {
  const words = [...curlWords, "--max-time", "60", "--interface", address, "--list-only", "-w", "\\n%{time_total}"];
  try {
    const { stdout } = await run("curl", [...words, `ftp://alice:secret@127.0.0.1:${port}/small/`]);
    return Number(stdout.slice(stdout.lastIndexOf("\n") + 1)) * 1000;
  } catch {
    return undefined;
  }
}

const curlWords = ["--silent", "--ssl-reqd", "--insecure"];

async function mostMemory(read: () => number, endMs: number): Promise<number> {
  let most = 0;
  while (performance.now() < endMs) {
    most = Math.max(most, read());
    // oxlint-disable-next-line no-await-in-loop -- a steady rate
    await sleep(500);
  }
  return most;
}

function reportText(attack: Attack, report: AttackReport): string {
  const { guesser, knownLogins, newLogins } = report;
  const mebibytes = (bytes: number) => (bytes / 1_048_576).toFixed(1);
  const logins = ({ count, failed, medianMs, p99Ms }: Latencies) =>
    `${count - failed} of ${count}, median ${medianMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`;
  const share = report.attackedBytesPerSecond / report.quietBytesPerSecond;
  return `${attack.rate} wrong passwords a second for ${attack.seconds} s from ${attack.addresses} addresses, ${attack.workers} workers
downloads       ${mebibytes(report.quietBytesPerSecond)} MiB/s before, ${mebibytes(report.attackedBytesPerSecond)} MiB/s during: ${share.toFixed(3)}
known logins    ${logins(knownLogins)}
new logins      ${logins(newLogins)}
memory (PSS)    ${mebibytes(report.quietPssKib * 1024)} MiB before, at most ${mebibytes(report.attackedPssKib * 1024)} MiB during
processor time  server ${report.serverProcessorSeconds.toFixed(1)} s, guesser ${guesser.processorSeconds.toFixed(1)} s
guesser         ${guesser.passwords} passwords given, ${guesser.refused} attempts turned away before, ${guesser.failed} failed, in ${guesser.seconds.toFixed(1)} s
`;
}

if (import.meta.main) {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { seconds: text, rate: text, addresses: text, name: text, workers: text, json: text },
  });
  const attack: Attack = {
    seconds: Number(values.seconds ?? 60),
    rate: Number(values.rate ?? 1000),
    addresses: Number(values.addresses ?? 1000),
    workers: Number(values.workers ?? 2),
    ...(values.name !== undefined && { name: values.name }),
  };
  const report = await attackLogins(attack);
  process.stdout.write(reportText(attack, report));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ attack, report }, undefined, 1)}\n`);
}
