import type { VirtualPath } from "@sallyport/protocol";
import { type FtpDriver, needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Bystander } from "./bystander.ts";
import { HungMount } from "./hung-mount.ts";
import { Serving } from "./serving.ts";

export const skip: string | false =
  needs("linux", "root", "mount") || (existsSync("/dev/fuse") ? false : "this machine lacks /dev/fuse");

/** More than libuv has threads, with 4 as with 16. */
const hangingCount = 24;
const storageCallMs = 2_000;

/** A directory with a mount in it that can hang, and a file beside it that is too long to be read at once. */
async function scene(): Promise<AsyncDisposable & { readonly root: string; readonly mount: HungMount }> {
  const root = mkdtempSync(join(tmpdir(), "sallyport-hung-"));
  mkdirSync(join(root, "remote"));
  mkdirSync(join(root, "bob"));
  writeFileSync(join(root, "bob", "large"), Buffer.alloc(8 << 20));
  const mount = await HungMount.at(join(root, "remote"));
  return {
    root,
    mount,
    [Symbol.asyncDispose]: async () => {
      await mount[Symbol.asyncDispose]();
      rmSync(root, { recursive: true });
    },
  };
}

const accounts = [
  { name: "remote", home: "/remote" as VirtualPath },
  { name: "local", home: "/bob" as VirtualPath },
];

/** Lets more calls hang than there are threads, while another account is served. */
export async function hangCalls(context: TestContext, threads: string): Promise<void> {
  await using ground = await scene();
  const environment = { UV_THREADPOOL_SIZE: threads };
  await using serving = await Serving.start({
    root: ground.root,
    accounts,
    environment,
    words: ["--workers", "1"],
    limits: { storageCallMs },
  });
  const remote = await Promise.all(
    Array.from({ length: hangingCount }, () => serving.loggedIn({ user: "remote", timeoutMs: 30_000 })),
  );
  assert.equal((await remote[0]?.retrieve("RETR file"))?.octets.toString(), "answered\n");
  await using bystander = await Bystander.start({
    port: serving.implicitPort,
    mode: "implicit",
    user: "local",
    logsInEachTime: true,
  });
  await ground.mount.hang();
  const answers = remote.map((driver, number) => hangingCommand(driver, number));
  await pause(storageCallMs / 2);
  await fetchLarge(serving);
  // Each is answered when its time is over, and can go on.
  for (const code of await Promise.all(answers)) assert.ok(code === 451 || code === 450, `answered ${code}`);
  for (const driver of remote) await driver.expect("NOOP", 200);
  await fetchLarge(serving);
  await bystander.sawNothing(context, roundMaxMs);
  ground.mount.answer();
  await pause(500);
  assert.equal((await remote[0]?.retrieve("RETR file"))?.octets.toString(), "answered\n", "it is back");
  for (const driver of remote) await driver[Symbol.asyncDispose]();
}

/** Tells a server to stop while calls hang. */
export async function stopWhileCallsHang(workers: string): Promise<void> {
  await using ground = await scene();
  const words = ["--grace", "1", "--workers", workers];
  await using serving = await Serving.start({ root: ground.root, accounts, words });
  const remote = await Promise.all(Array.from({ length: 6 }, () => serving.loggedIn({ user: "remote" })));
  await ground.mount.hang();
  for (const driver of remote) driver.send("SIZE file\r\n");
  await pause(300);
  const startedMs = performance.now();
  assert.equal(await serving.stop(), 0);
  assert.ok(performance.now() - startedMs < 8_000, "it ends soon");
  for (const driver of remote) await driver[Symbol.asyncDispose]();
}

/** Two busy cores and a login in each round. */
const roundMaxMs = 5_000;

function hangingCommand(driver: FtpDriver, number: number): Promise<number> {
  const lines = ["SIZE file", "MDTM file", "MLST file", "HASH file"];
  return driver.command(lines[number % lines.length] ?? "SIZE file").then(({ code }) => code);
}

async function fetchLarge(serving: Serving): Promise<void> {
  await using driver = await serving.loggedIn({ user: "local", timeoutMs: 5_000 });
  const { completion, octets } = await driver.retrieve("RETR large");
  assert.equal(completion?.code, 226);
  assert.equal(octets.length, 8 << 20);
}
