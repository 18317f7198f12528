/**
 * Measures what wrong passwords do to everybody else: 1,000 a second from 1,000 addresses for a minute, while downloads
 * run and people log in.
 *
 *   npm run bench -- logins-under-attack [--seconds 60] [--rate 1000] [--addresses 1000] [--name NAME] [--workers N] [--json FILE]
 *
 * Downloads are held to a rate by their clients, as on a network, because the guesser, the downloading clients and the
 * server share this machine: what the guesser itself uses is said beside the result, and so is how late the client that
 * is timed gets to run. A good login is timed in its phases and as a whole, with a listing behind it; `known` ones come
 * from an address where the account has logged in before, `new` ones never do.
 */
import { FtpDriver } from "@sallyport/testing";
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { makeGround } from "./comparison/ground.ts";
import { machineProcessorSeconds, memoryOf, meterProcesses, ownProcessorSeconds } from "./comparison/processes.ts";
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
  readonly knownLogins: LoginTimes;
  readonly newLogins: LoginTimes;
  /** How late the process that times the logins was called, in 99 of 100 cases: time that is not the server's. */
  readonly clientLagMs: number;
  /** Of all processes of the server: before, and the most during the attack. */
  readonly quietPssKib: number;
  readonly attackedPssKib: number;
  readonly serverProcessorSeconds: number;
  /** Cores that programs had which are no part of this. */
  readonly foreignCores: number;
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

interface LoginTimes extends Latencies {
  readonly count: number;
  readonly failed: number;
  readonly phases: Readonly<Record<Phase, Latencies>>;
}

interface Latencies {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** From connecting to 220, from AUTH to the end of the handshake, from USER to 230, from PBSZ to the end of a listing. */
const phases = ["greeting", "handshake", "password", "listing"] as const;
type Phase = (typeof phases)[number];
type PhaseTimes = Readonly<Record<Phase, number>>;

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
    const before = { server: meter.processorSeconds(), own: ownProcessorSeconds(), machine: machineProcessorSeconds() };
    const lag = monitorEventLoopDelay({ resolution: 5 });
    lag.enable();
    const beganMs = performance.now();
    const end = beganMs + attack.seconds * 1000;
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
    lag.disable();
    const serverProcessorSeconds = meter.processorSeconds() - before.server;
    const oursSeconds = serverProcessorSeconds + ownProcessorSeconds() - before.own;
    const foreignSeconds = machineProcessorSeconds() - before.machine - oursSeconds;
    return {
      ...{ quietBytesPerSecond, attackedBytesPerSecond, knownLogins, newLogins, quietPssKib, attackedPssKib },
      ...{ clientLagMs: lag.percentile(99) / 1e6, serverProcessorSeconds, guesser: guesserReport },
      foreignCores: (1000 * Math.max(0, foreignSeconds)) / (performance.now() - beganMs),
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

async function repeatLogins(port: number, endMs: number, nextAddress: () => string): Promise<LoginTimes> {
  const pending: Promise<PhaseTimes | undefined>[] = [];
  while (performance.now() < endMs - 1000) {
    pending.push(logIn(port, nextAddress()));
    // oxlint-disable-next-line no-await-in-loop -- a steady rate
    await sleep(500);
  }
  const outcomes = await Promise.all(pending);
  const good = outcomes.filter((times) => times !== undefined);
  const ofPhase = (phase: Phase) => latencies(good.map((times) => times[phase]));
  return {
    ...latencies(good.map((times) => phases.reduce((sum, phase) => sum + times[phase], 0))),
    ...{ count: outcomes.length, failed: outcomes.length - good.length },
    phases: {
      greeting: ofPhase("greeting"),
      handshake: ofPhase("handshake"),
      password: ofPhase("password"),
      listing: ofPhase("listing"),
    },
  };
}

function latencies(times: readonly number[]): Latencies {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { medianMs: at(0.5), p99Ms: at(0.99) };
}

/** Milliseconds of each phase, or undefined where the login was refused. */
async function logIn(port: number, localAddress: string): Promise<PhaseTimes | undefined> {
  let sinceMs = performance.now();
  const lap = (): number => {
    const beganMs = sinceMs;
    sinceMs = performance.now();
    return sinceMs - beganMs;
  };
  try {
    await using driver = await FtpDriver.connect(port, { localAddress, timeoutMs: 60_000 });
    const { code } = await driver.reply();
    if (code !== 220) return undefined;
    const greeting = lap();
    await driver.expect("AUTH TLS", 234);
    await driver.startTls({ rejectUnauthorized: false });
    const handshake = lap();
    await driver.expect("USER alice", 331);
    await driver.expect("PASS secret", 230);
    const password = lap();
    await driver.expect("PBSZ 0", 200);
    await driver.expect("PROT P", 200);
    const { completion } = await driver.retrieve("NLST small");
    return completion?.code === 226 ? { greeting, handshake, password, listing: lap() } : undefined;
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
  const times = ({ medianMs, p99Ms }: Latencies) => `median ${medianMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`;
  const logins = (found: LoginTimes) => {
    const ofPhases = phases.map((phase) => `\n  ${phase.padEnd(14)}${times(found.phases[phase])}`).join("");
    return `${found.count - found.failed} of ${found.count}, ${times(found)}${ofPhases}`;
  };
  const share = report.attackedBytesPerSecond / report.quietBytesPerSecond;
  return `${attack.rate} wrong passwords a second for ${attack.seconds} s from ${attack.addresses} addresses, ${attack.workers} workers
downloads       ${mebibytes(report.quietBytesPerSecond)} MiB/s before, ${mebibytes(report.attackedBytesPerSecond)} MiB/s during: ${share.toFixed(3)}
known logins    ${logins(knownLogins)}
new logins      ${logins(newLogins)}
client's lag    p99 ${report.clientLagMs.toFixed(0)} ms
memory (PSS)    ${mebibytes(report.quietPssKib * 1024)} MiB before, at most ${mebibytes(report.attackedPssKib * 1024)} MiB during
processor time  server ${report.serverProcessorSeconds.toFixed(1)} s, guesser ${guesser.processorSeconds.toFixed(1)} s, others ${report.foreignCores.toFixed(2)} cores
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
