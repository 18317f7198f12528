import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import {
  machineProcessorSeconds,
  meterProcesses,
  ownProcessorSeconds,
  type ProcessMeter,
  residentKib,
  timesInProc,
} from "../comparison/processes.ts";
import type { ClientCommand } from "./programs.ts";

/** What one run of a program took, from its start to its end. */
export interface MeteredRun {
  readonly seconds: number;
  /** Of the program and all that it started. */
  readonly processorSeconds: number;
  /** From its start until it printed something; undefined where it printed nothing. */
  readonly firstOctetSeconds: number | undefined;
  readonly peakKib: number;
  /** Cores that meanwhile were busy with none of the program, the server and this process. */
  readonly foreignCores: number;
  readonly source: string;
}

export interface MeterOptions {
  /** Of the server that the program talks to. */
  readonly server: ProcessMeter;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/**
 * Runs a program and measures it. A shell waits in its place until it is metered, so that nothing of it is missed.
 *
 * @throws {Error} with the last line of what it printed as an error, when it fails or the deadline passes
 */
export async function runMetered(
  { program, words, environment }: ClientCommand,
  { server, signal, deadlineMs }: MeterOptions,
): Promise<MeteredRun> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  limit.throwIfAborted();
  const child = spawn("sh", ["-c", 'read -r _; exec "$@" </dev/null', "sh", program, ...words], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...environment },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("there is no sh");
  const kill = (): void => {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  };
  limit.addEventListener("abort", kill);
  const errors = text(child.stderr);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let firstOctetMs: number | undefined;
  child.stdout.on("data", () => (firstOctetMs ??= performance.now()));
  using meter = meterProcesses([pid]);
  const peak = watchPeak(meter);
  const before = { machine: machineProcessorSeconds(), own: ownProcessorSeconds(), server: server.processorSeconds() };
  const groupBefore = meter.processorSeconds();
  const startedMs = performance.now();
  child.stdin.end("go\n");
  const code = await ended.finally(() => limit.removeEventListener("abort", kill));
  const seconds = (performance.now() - startedMs) / 1000;
  const peakKib = peak.stop();
  if (limit.aborted && !signal.aborted) throw new Error(`no end after ${deadlineMs / 1000} s`);
  if (code !== 0) throw new Error(`exit ${code}: ${lastLine(await errors)}`);
  // What has ended is counted here by the system, in hundredths of a second.
  const own = ownProcessorSeconds() - before.own;
  const isExact = meter.source !== timesInProc;
  const foreign = machineProcessorSeconds() - before.machine - own - (server.processorSeconds() - before.server);
  return {
    seconds,
    processorSeconds: isExact ? meter.processorSeconds() - groupBefore : own,
    firstOctetSeconds: firstOctetMs === undefined ? undefined : (firstOctetMs - startedMs) / 1000,
    peakKib,
    foreignCores: Math.max(0, foreign / seconds),
    source: meter.source,
  };
}

function watchPeak(meter: ProcessMeter): { stop(): number } {
  let peak = 0;
  const timer = setInterval(() => (peak = Math.max(peak, residentKib(meter.processes()))), watchEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

function lastLine(errors: string): string {
  return errors.trim().split("\n").at(-1)?.slice(0, 200) ?? "";
}

const watchEveryMs = 20;
