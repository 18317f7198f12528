/**
 * Measures what it costs that Kerberos is called in a process of its own.
 *
 *     npm run bench -- gssapi [--mib 128] [--runs 5]
 *
 * Compares, block by block of the size that PBSZ settles, gss_wrap alone in a process that does nothing else (the bound)
 * with the mechanism as the server uses it; the two take turns. Prints MB/s, the ratio of the medians (the target is 0.6 at
 * least), and the 99th percentile of the delay of the event loop, idle and while messages are sealed (within 5 ms). Then
 * the same of whole transfers through the server.
 */
import { gssapiMechanism, type GssapiMechanism, type GssapiOptions } from "@sallyport/gssapi";
import { FtpDriver, SealedDriver, startKdc } from "@sallyport/testing";
import { dataPathHooks, type SecurityContext, type SecurityMechanism } from "@sallyport/transport";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Gss } from "../packages/gssapi/src/native/gss.ts";
import { openLibrary } from "../packages/gssapi/src/native/library.ts";

const { values } = parseArgs({
  options: {
    mib: { type: "string", default: "128" },
    runs: { type: "string", default: "5" },
    alone: { type: "boolean" },
  },
});
const sizeBytes = Number(values.mib) * 1_048_576;
const runsCount = Number(values.runs);

/** Blocks in flight, as many as the data path keeps. */
const window = 4;
const blockSizes = [65_476, 1_048_516];
/** What the data path of the server seals at once. */
const serverBlockBytes = 262_144;
const nodeArguments = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
const flagsOfAll = 2 | 4 | 8 | 16 | 32;

if (values.alone) wrapAlone();
else await compare();

async function compare(): Promise<void> {
  // As servers and clients do before their first connection.
  await dataPathHooks();
  await using kdc = await startKdc();
  const { configFile, keytab, environment } = kdc;
  const credentialCache = await kdc.tickets("alice");
  const alone = fork(import.meta.filename, ["--alone", "--mib", values.mib], {
    env: { ...process.env, ...environment, KRB5CCNAME: credentialCache },
    execArgv: nodeArguments,
  });
  await using mechanism = gssapiMechanism({ configFile, keytab, credentialCache, environment });
  const client = await mechanism.initiate("ftp@localhost");
  const server = await mechanism.accept();
  const { token } = await server.step((await client.step(undefined)).token);
  await client.step(token);
  for (const blockBytes of blockSizes) {
    const rates: Record<"alone" | "wrap" | "unwrap", number[]> = { alone: [], wrap: [], unwrap: [] };
    for (let run = 0; run < runsCount; run++) {
      alone.send(blockBytes);
      const [rate] = (await once(alone, "message")) as [number];
      rates.alone.push(rate);
      rates.wrap.push(await rateOf((octets) => server.wrap(octets, true), blockBytes));
      rates.unwrap.push(await rateOfUnwrap(client, server, blockBytes));
    }
    const [bound, wrap, unwrap] = [median(rates.alone), median(rates.wrap), median(rates.unwrap)];
    const figures = `gss_wrap alone ${bound.toFixed(0)} MB/s, wrap ${wrap.toFixed(0)} MB/s, unwrap ${unwrap.toFixed(0)} MB/s`;
    console.log(`blocks of ${blockBytes} octets: ${figures}; ratio of wrap ${(wrap / bound).toFixed(2)}`);
  }
  await measureCost(alone, mechanism, server);
  await measureDelay(server);
  await compareTransfers(alone, { configFile, keytab, environment }, mechanism);
  alone.disconnect();
}

/** PROT P through our server, by a client that opens nothing and has sealed everything before. */
async function compareTransfers(
  alone: ChildProcess,
  options: GssapiOptions,
  clients: SecurityMechanism,
): Promise<void> {
  const program = fileURLToPath(new URL("gssapi-server.ts", import.meta.url));
  const process = fork(program, [JSON.stringify({ ...options, sizeBytes })], { execArgv: nodeArguments });
  const [port] = (await once(process, "message")) as [number];
  const driver = await FtpDriver.connect(port);
  await driver.reply();
  await using sealed = await SealedDriver.logIn(driver, clients);
  const rates: Record<"alone" | "RETR" | "STOR", number[]> = { alone: [], RETR: [], STOR: [] };
  const delayMs = async (): Promise<string> => {
    process.send("delay");
    return ((await once(process, "message")) as [number])[0].toFixed(2);
  };
  await delayMs();
  await pause(1_000);
  const idle = await delayMs();
  for (let run = 0; run < runsCount; run++) {
    alone.send(serverBlockBytes);
    rates.alone.push(((await once(alone, "message")) as [number])[0]);
    rates.RETR.push(await retrieve(sealed));
    rates.STOR.push(await store(sealed));
  }
  const [bound, sent, received] = [median(rates.alone), median(rates.RETR), median(rates.STOR)];
  const ratios = `ratio ${(sent / bound).toFixed(2)} and ${(received / bound).toFixed(2)}`;
  console.log(
    `PROT P: RETR ${sent.toFixed(0)} MB/s, STOR ${received.toFixed(0)} MB/s of ${bound.toFixed(0)}; ${ratios}`,
  );
  console.log(`event loop delay of the server, 99th percentile: idle ${idle} ms, in transfers ${await delayMs()} ms`);
  process.disconnect();
}

async function retrieve(sealed: SealedDriver): Promise<number> {
  const data = await sealed.openPassive();
  const startMs = performance.now();
  await sealed.expect("RETR big.bin", 150);
  let bytes = 0;
  for await (const chunk of data) bytes += (chunk as Buffer).length;
  const tookMs = performance.now() - startMs;
  const { code } = await sealed.reply();
  if (code !== 226 || bytes < sizeBytes) throw new Error(`${code} after ${bytes} octets`);
  return megabytesPerSecond(sizeBytes, tookMs);
}

async function store(sealed: SealedDriver): Promise<number> {
  const data = await sealed.openPassive();
  await sealed.expect("STOR up.bin", 150);
  const octets = Buffer.concat(
    await sealed.blocks(Buffer.alloc(sizeBytes, "sallyport"), { tokenBytesMax: serverBlockBytes }),
  );
  const startMs = performance.now();
  data.end(octets);
  data.resume();
  const { code, text } = await sealed.reply();
  if (code !== 226) throw new Error(text);
  return megabytesPerSecond(sizeBytes, performance.now() - startMs);
}

/** MB/s of calls that are in flight by fours. */
async function rateOf(call: (octets: Uint8Array) => Promise<unknown>, blockBytes: number): Promise<number> {
  const octets = Buffer.alloc(blockBytes, "sallyport");
  let left = Math.ceil(sizeBytes / blockBytes);
  const count = left;
  const startMs = performance.now();
  const lane = async (): Promise<void> => {
    while (left-- > 0) await call(octets);
  };
  await Promise.all(Array.from({ length: window }, lane));
  return megabytesPerSecond(count * blockBytes, performance.now() - startMs);
}

async function rateOfUnwrap(client: SecurityContext, server: SecurityContext, blockBytes: number): Promise<number> {
  const count = Math.ceil(sizeBytes / 4 / blockBytes);
  const octets = Buffer.alloc(blockBytes, "sallyport");
  const tokens = await Promise.all(Array.from({ length: count }, () => client.wrap(octets, true)));
  const startMs = performance.now();
  for (let at = 0; at < count; at += window) {
    await Promise.all(tokens.slice(at, at + window).map((token) => server.unwrap(token)));
  }
  return megabytesPerSecond(count * blockBytes, performance.now() - startMs);
}

/** CPU time, which other programs beside us do not change as they change rates. */
async function measureCost(
  alone: ChildProcess,
  { processIds }: GssapiMechanism,
  server: SecurityContext,
): Promise<void> {
  const [mechanismId = 0] = processIds;
  for (const blockBytes of blockSizes) {
    const beforeAlone = cpuSecondsOf(alone.pid ?? 0);
    alone.send(blockBytes);
    await once(alone, "message");
    const bound = cpuSecondsOf(alone.pid ?? 0) - beforeAlone;
    const before = cpuSecondsOf(mechanismId);
    const beforeOurs = process.cpuUsage();
    await rateOf((octets) => server.wrap(octets, true), blockBytes);
    const theirs = cpuSecondsOf(mechanismId) - before;
    const { user, system } = process.cpuUsage(beforeOurs);
    const perGibibyte = (seconds: number): string => ((seconds * 2 ** 30) / sizeBytes).toFixed(2);
    const costs = `alone ${perGibibyte(bound)}, the mechanism's process ${perGibibyte(theirs)}, this one ${perGibibyte((user + system) / 1e6)}`;
    console.log(`CPU-s/GiB in blocks of ${blockBytes}: ${costs}; ratio ${(bound / theirs).toFixed(2)}`);
  }
}

/** Of another process, from what Linux counts in hundredths of a second. */
function cpuSecondsOf(processId: number): number {
  const fields = readFileSync(`/proc/${processId}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function measureDelay(server: SecurityContext): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const percentileMs = (): string => (delay.percentile(99) / 1e6).toFixed(2);
  delay.enable();
  await pause(2_000);
  const idle = percentileMs();
  for (const blockBytes of blockSizes) {
    delay.reset();
    await rateOf((octets) => server.wrap(octets, true), blockBytes);
    await rateOf((octets) => server.wrap(octets, true), blockBytes);
    console.log(
      `event loop delay, 99th percentile: idle ${idle} ms, sealing ${blockBytes} octets each ${percentileMs()} ms`,
    );
  }
  delay.disable();
}

/** In the other process: wraps on demand, and says how fast. */
function wrapAlone(): void {
  const gss = new Gss(openLibrary());
  const opening = gss.initiate(0n, gss.importService("ftp@localhost"), flagsOfAll, undefined);
  const accepted = gss.accept(0n, gss.acquireAcceptor(undefined), opening.token);
  process.on("message", (blockBytes: number) => {
    const octets = Buffer.alloc(blockBytes, "sallyport");
    const count = Math.ceil(sizeBytes / blockBytes);
    const startMs = performance.now();
    gss.wrapRepeatedly(accepted.context, octets, true, count);
    process.send?.(megabytesPerSecond(count * blockBytes, performance.now() - startMs));
  });
}

function megabytesPerSecond(bytes: number, tookMs: number): number {
  return bytes / 1_000 / tookMs;
}

function median(given: readonly number[]): number {
  return given.toSorted((one, other) => one - other)[given.length >> 1] ?? Number.NaN;
}
