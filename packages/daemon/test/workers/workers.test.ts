import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { FtpDriver } from "@sallyport/testing";
import { makePlaces, RunningService } from "./running-service.ts";

const mebibyte = 1_048_576;

describe("workers", { timeout: 300_000 }, () => {
  test("connections go to the worker that has the fewest", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places);
    const drivers: FtpDriver[] = [];
    for (let count = 0; count < 4; count++) drivers.push(await service.greeted());
    const owners = await Promise.all(drivers.map((driver) => service.workerOf(driver)));
    assert.deepEqual(owners.toSorted(), [0, 0, 1, 1]);
    const left = drivers.filter((_, at) => owners[at] === 0);
    for (const driver of left) await driver.expect("QUIT", 221);
    await service.event("connection-closed", 1);
    for (const _ of left) assert.equal(await service.workerOf(await service.greeted()), 0);
    await service.event("connection-opened", 5);
    const opened = service.events.filter(({ event }) => event === "connection-opened");
    assert.equal(new Set(opened.map(({ connection }) => connection)).size, 6);
  });

  test("a client that ends its side of the connection is still answered", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places);
    const driver = await service.greeted();
    driver.socket.end("NOOP\r\nSYST\r\nQUIT\r\n");
    for (const code of [200, 215, 221]) assert.equal((await driver.reply()).code, code);
  });

  test("data connections resume whichever worker has the control connection", async () => {
    await using places = await makePlaces();
    writeFileSync(join(places.root, "f"), "content");
    await using service = new RunningService(places, { dataResumption: "require" });
    const drivers = await Promise.all(Array.from({ length: 6 }, () => service.loggedIn()));
    for (let round = 0; round < 2; round++) {
      const got = await Promise.all(drivers.map((driver) => driver.retrieve("RETR f")));
      for (const { resumed, octets } of got) assert.deepEqual([resumed, octets.toString()], [true, "content"]);
    }
    assert.equal(new Set(await Promise.all(drivers.map((driver) => service.workerOf(driver)))).size, 2);
  });

  test("S-15 connections of one address and in all are counted over all workers", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places, { connectionsPerHostMax: 3, connectionsMax: 5 });
    const first = await Promise.all([1, 2, 3].map(() => service.greeted("127.0.0.2")));
    assert.equal(await outcomeOf(service, "127.0.0.2"), "refused");
    assert.equal(await outcomeOf(service, "127.0.0.3"), "served");
    assert.equal(await outcomeOf(service, "127.0.0.4"), "served");
    assert.equal(await outcomeOf(service, "127.0.0.5"), "refused");
    for (const driver of first) driver.socket.destroy();
    await service.event("connection-closed", 2);
    assert.equal(await outcomeOf(service, "127.0.0.2"), "served");
    const causes = service.events.filter(({ event }) => event === "connection-refused").map(({ cause }) => cause);
    assert.deepEqual(causes, ["this address has too many connections", "the server has too many connections"]);
  });

  test("an account's connections are counted over all workers", async () => {
    await using places = await makePlaces({ name: "two", connectionsMax: 2 });
    await using service = new RunningService(places);
    const [one] = [await service.loggedIn("two"), await service.loggedIn("two")];
    await assert.rejects(service.loggedIn("two"), /PASS secret was answered 421/);
    await one.expect("QUIT", 221);
    await service.event("connection-closed", 1);
    await service.loggedIn("two");
  });

  test("S-13 wrong passwords through both workers ban the address, which is then refused at the door", async () => {
    await using places = await makePlaces();
    const limits = { loginFailuresPerHostCount: 6, loginDelayMs: 10, loginDelayMaxMs: 20 };
    await using service = new RunningService(places, { limits });
    const drivers = await Promise.all([1, 2, 3].map(() => service.greeted("127.0.0.9")));
    assert.equal(new Set(await Promise.all(drivers.map((driver) => service.workerOf(driver)))).size, 2);
    for (const driver of drivers) {
      await driver.expect("AUTH TLS", 234);
      await driver.startTls({ rejectUnauthorized: false });
      for (let attempt = 0; attempt < 2; attempt++) {
        await driver.expect("USER alice", 331);
        await driver.expect("PASS wrong", 530);
      }
    }
    assert.equal(await outcomeOf(service, "127.0.0.9"), "refused");
    const refused = await service.event("connection-refused");
    assert.equal(refused["cause"], "too many wrong passwords from this address");
    assert.equal(await outcomeOf(service, "127.0.0.10"), "served");
  });

  test("S-13 when connections have to wait, those from where somebody has logged in go first", async () => {
    await using places = await makePlaces();
    await using service = new RunningService(places);
    await using _ = await service.loggedIn("alice", "127.0.0.9");
    const port = await service.port();
    for (const id of service.workers) process.kill(id, "SIGSTOP");
    const greeted: string[] = [];
    const arrive = async (localAddress: string): Promise<() => Promise<void>> => {
      const driver = await FtpDriver.connect(port, { localAddress, timeoutMs: 20_000 });
      await service.accepted(driver);
      const greeting = driver.reply().then(() => void greeted.push(localAddress));
      return async () => {
        await greeting;
        await driver[Symbol.asyncDispose]();
      };
    };
    const leave: (() => Promise<void>)[] = [];
    for (let host = 1; host <= 48; host++) leave.push(await arrive(`127.0.1.${host}`));
    leave.push(await arrive("127.0.0.9"));
    for (const id of service.workers) process.kill(id, "SIGCONT");
    await Promise.all(leave.map((one) => one()));
    assert.ok(greeted.indexOf("127.0.0.9") < 24, `its turn was after ${greeted.indexOf("127.0.0.9")} of 48 strangers`);
  });

  test("two workers that take uploads of one account at once never pass its quota", async () => {
    const quotaBytes = 20 * mebibyte;
    await using places = await makePlaces({ name: "small", quotaBytes });
    await using service = new RunningService(places);
    const drivers = await Promise.all([0, 1, 2, 3].map(() => service.loggedIn("small")));
    const octets = Buffer.alloc(6 * mebibyte, "x");
    const codes: (number | undefined)[] = [];
    for (let round = 0; round < 2; round++) {
      const stored = await Promise.all(drivers.map((driver, at) => driver.store(`STOR f${round}${at}`, octets)));
      codes.push(...stored.map(({ opening, completion }) => completion?.code ?? opening.code));
    }
    const published = readdirSync(places.root).filter((name) => name.startsWith("f"));
    const used = published.reduce((sum, name) => sum + readFileSync(join(places.root, name)).length, 0);
    assert.ok(used <= quotaBytes, `${used} of ${quotaBytes}`);
    assert.equal(codes.filter((code) => code === 226).length, published.length);
    assert.ok(codes.includes(552), codes.join(" "));
    // What interrupted uploads hold counts as well; without them the rest fits to the last octet.
    const [driver] = drivers;
    assert.ok(driver);
    for (const name of codes.map((_, at) => `f${Math.floor(at / 4)}${at % 4}`)) {
      if (!published.includes(name)) await driver.command(`DELE ${name}`);
    }
    const { text } = await driver.expect("AVBL", 213);
    assert.equal(Number(text.slice(4)), quotaBytes - used);
    const last = await driver.store("STOR last", Buffer.alloc(quotaBytes - used));
    assert.equal(last.completion?.code, 226);
    assert.equal((await driver.store("STOR more", Buffer.alloc(1))).completion?.code, 552);
  });

  test("the rate of an account holds over both workers, and is one's alone when the other has ended", async () => {
    const downloadBytesPerSecond = 2 * mebibyte;
    await using places = await makePlaces({ name: "slow", downloadBytesPerSecond });
    writeFileSync(join(places.root, "f"), Buffer.alloc(40 * mebibyte));
    await using service = new RunningService(places);
    const drivers = [await service.loggedIn("slow"), await service.loggedIn("slow")];
    assert.equal(new Set(await Promise.all(drivers.map((driver) => service.workerOf(driver)))).size, 2);
    let received = 0;
    const downloads = await Promise.all(drivers.map((driver) => beginDownload(driver, (bytes) => (received += bytes))));
    const ratio = async (): Promise<number> => {
      await pause(700);
      const [bytes, startedMs] = [received, performance.now()];
      await pause(3000);
      return (received - bytes) / ((performance.now() - startedMs) / 1000) / downloadBytesPerSecond;
    };
    const together = await ratio();
    assert.ok(Math.abs(together - 1) < 0.15, `together ${together.toFixed(2)} of the rate`);
    downloads[0]?.destroy();
    const alone = await ratio();
    assert.ok(Math.abs(alone - 1) < 0.15, `alone ${alone.toFixed(2)} of the rate`);
  });
});

/** RETR of a file `f`, whose octets are counted. */
async function beginDownload(driver: FtpDriver, count: (bytes: number) => void) {
  const raw = await driver.openPassive();
  await driver.expect("RETR f", 150);
  const data = await driver.secureData(raw);
  data.on("data", (chunk: Buffer) => count(chunk.length));
  return data;
}

/** Whether a connection from an address is greeted. */
async function outcomeOf(service: RunningService, address: string): Promise<"served" | "refused"> {
  const driver = await FtpDriver.connect(await service.port(), { localAddress: address });
  const { code } = await driver.reply();
  return code === 220 ? "served" : "refused";
}
