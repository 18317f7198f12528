import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { machineProcessorSeconds, type ProcessMeter } from "./processes.ts";
import { startProgram } from "./program.ts";

/** What the load client does; see bench/load-client/load-client.c. */
export interface LoadOrder {
  readonly mode: "retr" | "stor" | "list" | "mlsd" | "login" | "idle";
  readonly tls: boolean;
  /** Control connections at a time. Default: 1. */
  readonly threads?: number;
  /** Transfers or logins by each thread. Default: 1. */
  readonly count?: number;
  readonly name?: string;
  /** A number of its own goes behind the name of each transfer. */
  readonly numbered?: boolean;
  /** Of each upload. */
  readonly sizeBytes?: number;
}

/** One run of the load client against one server. */
export interface LoadSample {
  readonly seconds: number;
  readonly bytes: number;
  readonly operations: number;
  readonly resumed: number;
  /** Of the server, from the word "go" until the last operation was answered and the dust has settled. */
  readonly processorSeconds: number;
  /** Cores that meanwhile were busy with neither the server nor the load client. */
  readonly foreignCores: number;
}

export interface LoadTarget {
  readonly port: number;
  readonly meter: ProcessMeter;
}

export interface LoadEnvironment {
  /** The compiled load client. */
  readonly loadClient: string;
  readonly suite: string;
  readonly signal: AbortSignal;
  /** After it a run has failed. */
  readonly deadlineMs: number;
}

/** The load client, logged in and waiting for the word. */
export interface LoadClient extends AsyncDisposable {
  /** Carries out the order and returns what it took; the control connections stay open until the client is disposed. */
  go(): Promise<LoadSample>;
}

const settleMs = 30;

/**
 * Starts the load client and waits until it has logged in as often as its order needs.
 *
 * @throws {Error} with what the load client said, when a login fails or the deadline passes
 */
export async function startLoad(
  order: LoadOrder,
  { port, meter }: LoadTarget,
  { loadClient, suite, signal, deadlineMs }: LoadEnvironment,
): Promise<LoadClient> {
  const child = startProgram(loadClient, [...orderArguments(order), "-p", String(port), "-c", suite]);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const kill = () => void child.kill("SIGKILL");
  limit.addEventListener("abort", kill);
  if (limit.aborted) kill();
  const errors = text(child.stderr);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on("error", () => {});

  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (!done) return value;
    throw new Error(limit.aborted ? `no end after ${deadlineMs / 1000} s` : (await errors).trim());
  };

  const go = async (): Promise<LoadSample> => {
    const before = { machine: machineProcessorSeconds(), server: meter.processorSeconds(), atMs: performance.now() };
    child.stdin.write("go\n");
    const { clientProcessorSeconds, ...result } = JSON.parse(await nextLine()) as ClientResult;
    await sleep(settleMs);
    const processorSeconds = meter.processorSeconds() - before.server;
    const known = processorSeconds + clientProcessorSeconds;
    const foreign = machineProcessorSeconds() - before.machine - known;
    const elapsedSeconds = (performance.now() - before.atMs) / 1000;
    return { ...result, processorSeconds, foreignCores: Math.max(0, foreign / elapsedSeconds) };
  };

  const dispose = async (): Promise<void> => {
    child.stdin.end();
    await Promise.race([ended, sleep(10_000, undefined, { signal: limit, ref: false }).catch(() => {})]);
    kill();
    await ended;
    limit.removeEventListener("abort", kill);
  };

  try {
    if ((await nextLine()) !== "ready") throw new Error("the load client speaks otherwise than expected");
  } catch (error) {
    await dispose();
    throw error;
  }
  return { go, [Symbol.asyncDispose]: dispose };
}

/** One whole run: log in, go, log out. */
export async function runLoad(order: LoadOrder, target: LoadTarget, environment: LoadEnvironment): Promise<LoadSample> {
  await using client = await startLoad(order, target, environment);
  return await client.go();
}

interface ClientResult {
  readonly seconds: number;
  readonly bytes: number;
  readonly operations: number;
  readonly resumed: number;
  readonly clientProcessorSeconds: number;
}

function orderArguments(order: LoadOrder): readonly string[] {
  const { mode, tls, threads = 1, count = 1, name, numbered = false, sizeBytes } = order;
  return [
    ...["-m", mode, "-t", tls ? "explicit" : "none", "-P", String(threads), "-n", String(count)],
    ...(name === undefined ? [] : ["-f", name]),
    ...(numbered ? ["-N"] : []),
    ...(sizeBytes === undefined ? [] : ["-s", String(sizeBytes)]),
  ];
}
