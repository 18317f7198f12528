import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test } from "node:test";
import { FtpDriver } from "@sallyport/testing";
import { makePlaces, RunningService } from "./running-service.ts";

const mebibyte = 1_048_576;

describe("faults of workers", { timeout: 300_000 }, () => {
  test("a worker that is killed costs its own connections, gives back its counts and is replaced", async () => {
    const quotaBytes = 40 * mebibyte;
    await using places = await makePlaces({ name: "bounded", quotaBytes, connectionsMax: 2 });
    await using service = new RunningService(places, { connectionsPerHostMax: 2 });
    const [victim, survivor] = [await service.loggedIn("bounded"), await service.loggedIn("bounded")];
    const [dying, living] = [await service.workerOf(victim), await service.workerOf(survivor)];
    assert.notEqual(dying, living);
    const uploads = await Promise.all([victim, survivor].map((driver) => beginUpload(driver, 8 * mebibyte)));
    process.kill(service.workers[dying] ?? 0, "SIGKILL");

    assert.equal(await victim.waitForEnd(), true);
    const ended = await service.event("worker-ended");
    assert.equal(ended["cause"], "killed by SIGKILL");
    assert.equal(ended["connectionsCount"], 1);
    assert.equal(ended["worker"], dying);

    const [, upload] = uploads;
    upload?.data.end(Buffer.alloc(2 * mebibyte, "y"));
    assert.equal((await survivor.reply()).code, 226);
    await service.event("worker-started", 2);
    const again = await service.loggedIn("bounded");
    assert.equal(await service.workerOf(again), dying);
    const mine = await again.store("STOR again", Buffer.alloc(mebibyte));
    assert.equal(mine.completion?.code, 226);
    const published = readdirSync(places.root).filter((name) => name !== ".sallyport");
    const used = published.reduce((sum, name) => sum + readFileSync(join(places.root, name)).length, 0);
    assert.equal(used, 11 * mebibyte);
    // Once nothing is held the quota is counted anew; nothing is left of the upload that broke.
    const { text } = await again.expect("AVBL", 213);
    assert.equal(Number(text.slice(4)), quotaBytes - used);
    assert.deepEqual(stagedIn(places.root), []);
  });

  test("a worker that keeps dying is replaced less and less often, while the other serves", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places);
    await service.port();
    const waits: number[] = [];
    for (let count = 0; count < 3; count++) {
      const at = service.workers[0] ?? 0;
      process.kill(at, "SIGKILL");
      waits.push(Number((await service.event("worker-ended", count))["restartMs"]));
      assert.equal(await service.workerOf(await service.greeted()), 1);
      await service.until(() => service.workers[0] !== at, "a new worker");
    }
    assert.deepEqual(waits, [0, 250, 500]);
  });

  test("with all workers dead connections wait for the next one", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places);
    await service.port();
    for (const id of service.workers) process.kill(id, "SIGKILL");
    const [one, other] = await Promise.all([service.loggedIn(), service.loggedIn()]);
    await one.expect("NOOP", 200);
    await other.expect("NOOP", 200);
  });

  test("workers end with the primary, however it ends", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places);
    await service.greeted();
    const workers = service.workers;
    assert.equal(workers.filter((id) => lives(id)).length, 2);
    await service.stop("SIGKILL");
    for (let waits = 0; waits < 100 && workers.some((id) => lives(id)); waits++) await pause(50);
    assert.deepEqual(
      workers.filter((id) => lives(id)),
      [],
    );
  });

  test("the source that a trusted proxy tells is counted and logged", async () => {
    await using places = await makePlaces();
    const proxied = { proxyProtocolFrom: ["127.0.0.1"], connectionsPerHostMax: 1 };
    await using service = new RunningService(places, proxied);
    const greeting = async (source: string) => {
      const driver = await FtpDriver.connect(await service.port());
      driver.send(`PROXY TCP4 ${source} 127.0.0.1 4000 21\r\n`);
      return { driver, code: (await driver.reply()).code };
    };
    const first = await greeting("192.0.2.1");
    assert.equal(first.code, 220);
    assert.equal((await greeting("192.0.2.1")).code, 421);
    assert.equal((await greeting("192.0.2.2")).code, 220);
    await first.driver.expect("QUIT", 221);
    await service.event("connection-closed");
    assert.equal((await greeting("192.0.2.1")).code, 220);
    assert.equal((await service.event("connection-opened"))["remoteAddress"], "192.0.2.1");
  });
});

/** STOR up to a point: octets are sent, and the data connection stays open. */
async function beginUpload(driver: FtpDriver, bytes: number) {
  const raw = await driver.openPassive();
  const { code } = await driver.command(`STOR ${bytes}-${raw.localPort}`);
  assert.equal(code, 150);
  const data = await driver.secureData(raw);
  data.resume();
  await new Promise<void>((resolve) => data.write(Buffer.alloc(bytes, "x"), () => resolve()));
  return { data };
}

/** Names of staged uploads. */
function stagedIn(root: string): string[] {
  const names = readdirSync(join(root, ".sallyport"), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map(({ name }) => name);
}

function lives(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
