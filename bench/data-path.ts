/**
 * Measures the data path: throughput and the server's CPU time for one large file, sent and received, in clear and
 * under TLS 1.3, on each of the ways that octets can take.
 *
 *   node --conditions=source bench/data-path.ts [--mib 1024] [--runs 5] [--only send-tls,receive-tls]
 *
 * The client is another process; CPU time is this process's alone, threads included. Variants take turns, so that a
 * change of the machine's mood meets all of them; compare figures of one run only. Files lie in /dev/shm if there is
 * one: there is no disk in these figures.
 */
import { makeTestIdentity } from "@sallyport/testing";
import {
  ControlTlsBinding,
  DataConnection,
  dataPathHooks,
  type DataPathHooks,
  isHelloRefusal,
  noDataPathHooks,
  PassiveListenerPool,
  ServerTlsProfile,
} from "@sallyport/transport";
import { fork } from "node:child_process";
import { once } from "node:events";
import { accessSync, closeSync, ftruncateSync, openSync, read, rmSync, write, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import type { ClientOrder } from "./data-path-client.ts";

const { values } = parseArgs({
  options: { mib: { type: "string" }, runs: { type: "string" }, only: { type: "string" } },
});
const mebibytes = Number(values.mib ?? 1024);
const runsCount = Number(values.runs ?? 5);
const sizeBytes = mebibytes * 1_048_576;

const hooks = await dataPathHooks();
const layered = { ...hooks, closeNotify: false };
const variants: readonly Variant[] = [
  { name: "send-plain", direction: "send", level: "C", hooks },
  { name: "send-plain-public", direction: "send", level: "C", hooks: noDataPathHooks },
  { name: "send-tls", direction: "send", level: "P", hooks },
  { name: "send-tls-early", direction: "send", level: "P", hooks, early: true },
  { name: "send-tls-early-layered", direction: "send", level: "P", hooks: layered, early: true },
  { name: "receive-plain", direction: "receive", level: "C", hooks },
  { name: "receive-plain-public", direction: "receive", level: "C", hooks: noDataPathHooks },
  { name: "receive-tls", direction: "receive", level: "P", hooks },
  { name: "receive-tls-sync", direction: "receive", level: "P", hooks, syncWrites: true },
  { name: "receive-tls-layered-sync", direction: "receive", level: "P", hooks: layered, syncWrites: true },
  { name: "receive-tls-layered", direction: "receive", level: "P", hooks: layered },
  { name: "receive-tls-public", direction: "receive", level: "P", hooks: noDataPathHooks },
];

interface Variant {
  readonly name: string;
  readonly direction: "send" | "receive";
  readonly level: "C" | "P";
  readonly hooks: DataPathHooks;
  readonly syncWrites?: boolean;
  /** The client starts TLS before the transfer command, so that the direction is not known yet. */
  readonly early?: boolean;
}

const identity = makeTestIdentity({ names: ["localhost"] });
const profile = await ServerTlsProfile.create({ identities: [identity] });
const group = profile.selectIdentities(undefined);
if (!group || isHelloRefusal(group)) throw new Error("no identity");
const binding = new ControlTlsBinding(profile, group);
await using pool = new PassiveListenerPool();
const client = fork(fileURLToPath(new URL("data-path-client.ts", import.meta.url)));

const directory = isThere("/dev/shm") ? "/dev/shm" : tmpdir();
const path = join(directory, `sallyport-data-path-${process.pid}`);
const file = openSync(path, "w+");
const readAt = promisify(read);
const writeAt = promisify(write);

const source = {
  sizeBytes,
  descriptor: file,
  read: async (buffer: Uint8Array, position: number) =>
    (await readAt(file, buffer, 0, buffer.length, position)).bytesRead,
};

const sink = {
  write: async (buffer: Uint8Array, position: number) => {
    await writeAt(file, buffer, 0, buffer.length, position);
  },
};

const syncSink = {
  write: (buffer: Uint8Array, position: number) => void writeSync(file, buffer, 0, buffer.length, position),
};

try {
  const chosen = variants.filter(({ name }) => values.only === undefined || values.only.split(",").includes(name));
  const results = new Map<string, Figures[]>(chosen.map(({ name }) => [name, []]));
  for (let run = 0; run < runsCount; run++) {
    for (const variant of chosen) results.get(variant.name)?.push(await measure(variant));
  }
  console.log(
    `${mebibytes} MiB, ${runsCount} runs in turn, median (lowest–highest); Node ${process.version}, ${directory}`,
  );
  for (const [name, figures] of results) console.log(`${name.padEnd(25)} ${summary(figures)}`);
} finally {
  client.disconnect();
  closeSync(file);
  rmSync(path);
}

interface Figures {
  readonly mebibytesPerSecond: number;
  readonly cpuSecondsPerGibibyte: number;
  readonly allocatedMebibytes: number;
}

async function measure({ direction, level, hooks: chosenHooks, syncWrites, early }: Variant): Promise<Figures> {
  prepareFile(direction);
  const reservation = await pool.acquire({ localAddress: "127.0.0.1", peerAddress: "127.0.0.1" });
  const order: ClientOrder = { port: reservation.port, direction, tls: level === "P", sizeBytes };
  client.send(order);
  const connection = new DataConnection(await reservation.accept(), { level, binding, hooks: chosenHooks });
  if (early) await sleep(50);
  connection.begin({ direction, level });
  await connection.ready();
  const cpuBefore = process.cpuUsage();
  const heapBefore = process.memoryUsage().heapUsed;
  const startedAtMs = performance.now();
  if (direction === "send") await connection.sendFrom(source, 0, undefined);
  else {
    const { bytes, end } = await connection.receiveInto(syncWrites ? syncSink : sink, 0);
    if (bytes !== sizeBytes) throw new Error(`${bytes} octets came, the end was ${end}`);
    await connection.finish();
  }
  const [answer] = (await once(client, "message")) as [{ bytes: number }];
  if (answer.bytes !== sizeBytes) throw new Error(`the client saw ${answer.bytes} octets`);
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await connection[Symbol.asyncDispose]();
  return {
    mebibytesPerSecond: mebibytes / elapsedSeconds,
    cpuSecondsPerGibibyte: (user + system) / 1e6 / (mebibytes / 1024),
    allocatedMebibytes: (process.memoryUsage().heapUsed - heapBefore) / 1_048_576,
  };
}

function prepareFile(direction: "send" | "receive"): void {
  ftruncateSync(file, 0);
  if (direction === "receive") return;
  const piece = Buffer.alloc(1_048_576, "sallyport ");
  for (let at = 0; at < sizeBytes; at += piece.length) writeSync(file, piece, 0, piece.length, at);
}

function summary(figures: readonly Figures[]): string {
  const column = (name: keyof Figures, digits: number): string => {
    const sorted = figures.map((row) => row[name]).toSorted((a, b) => a - b);
    const [lowest = 0, middle = 0, highest = 0] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
    return `${middle.toFixed(digits)} (${lowest.toFixed(digits)}–${highest.toFixed(digits)})`;
  };
  const rate = column("mebibytesPerSecond", 0);
  const cpu = column("cpuSecondsPerGibibyte", 2);
  return `${rate.padEnd(18)} MiB/s  ${cpu} CPU-s/GiB  heap grew ${column("allocatedMebibytes", 1)} MiB`;
}

function isThere(name: string): boolean {
  try {
    accessSync(name);
    return true;
  } catch {
    return false;
  }
}
