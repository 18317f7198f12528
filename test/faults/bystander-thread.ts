// The loop of a Bystander: one round lists, stores and fetches.
import { FtpDriver } from "@sallyport/testing";
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { BystanderOptions, Experience } from "./bystander.ts";

const { port, mode = "explicit", user = "bob", from, logsInEachTime = false } = workerData as BystanderOptions;
const roundsMs: number[] = [];
const content = Buffer.alloc(100_000, "what a bystander stores\n");
const tls = { rejectUnauthorized: false };
const over = new AbortController();
let failure: string | undefined;
parentPort?.on("message", () => over.abort());

try {
  let driver = await logIn();
  while (!over.signal.aborted) {
    const startedMs = performance.now();
    if (logsInEachTime && roundsMs.length > 0) {
      await driver[Symbol.asyncDispose]();
      driver = await logIn();
    }
    await round(driver);
    roundsMs.push(performance.now() - startedMs);
    if (roundsMs.length === 1) parentPort?.postMessage("served");
    await pause(10);
  }
  await driver[Symbol.asyncDispose]();
} catch (error) {
  failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (roundsMs.length === 0) parentPort?.postMessage("failed");
}
const experience: Experience = { rounds: roundsMs.length, roundsMs, ...(failure === undefined ? {} : { failure }) };
parentPort?.postMessage(experience);
parentPort?.close();

async function logIn(): Promise<FtpDriver> {
  const driver = await FtpDriver.connect(port, {
    timeoutMs: 30_000,
    ...(from === undefined ? {} : { localAddress: from }),
    ...(mode === "implicit" ? { tls } : {}),
  });
  await driver.reply();
  await driver.logIn(user, "secret", tls);
  await driver.expect("TYPE I", 200);
  return driver;
}

async function round(driver: FtpDriver): Promise<void> {
  insist(await driver.retrieve("MLSD"));
  insist(await driver.store("STOR bystander", content));
  const fetched = await driver.retrieve("RETR bystander");
  insist(fetched);
  if (!fetched.octets.equals(content)) throw new Error("the bystander got other octets than it stored");
}

function insist({ opening, completion }: Awaited<ReturnType<FtpDriver["retrieve"]>>): void {
  if (completion?.code !== 226) throw new Error(`${opening.text} / ${completion?.text}`);
}
