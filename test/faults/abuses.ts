import { FtpDriver } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { memoryOf } from "./holdings.ts";
import type { LoginOptions, Serving } from "./serving.ts";
import { until } from "./waiting.ts";

/** How much of each abuse. */
export interface Scale {
  /** The limits that are shortened, so that these tests see them at work. */
  readonly limits: typeof shortLimits & { readonly idleMs?: number };
  readonly stalledCount: number;
  readonly passiveCount: number;
  readonly idleLoginsCount: number;
  readonly workingCount: number;
  readonly garbageMs: number;
  readonly noopCount: number;
  readonly floodMs: number;
}

export interface Abuse {
  readonly ids: string;
  readonly title: string;
  /** Does it, with another address than 127.0.0.1, and returns figures worth to be printed. */
  run(serving: Serving, scale: Scale): Promise<string | void>;
}

export const shortLimits = {
  handshakeMs: 4_000,
  preLoginMs: 8_000,
  dataStallMs: 3_000,
  dataConnectMs: 3_000,
  replyStallMs: 2_000,
};

const tls = { rejectUnauthorized: false } as const;
const from = "127.0.0.9";

export const abuses: readonly Abuse[] = [
  { ids: "S-15 R-TLS-38", title: "handshakes that stall, on control and data, in both modes", run: stallHandshakes },
  { ids: "S-15", title: "PASV and EPSV without a connection", run: askForPorts },
  { ids: "S-15", title: "idle TLS logins", run: logInAndRest },
  { ids: "S-14", title: "a line of 1 MiB, in the clear and under TLS, before and after the login", run: sendLongLines },
  { ids: "S-14 S-15", title: "garbage at 50 MiB/s on control and data connections", run: sendGarbage },
  { ids: "S-15", title: "who does not read replies and data", run: readNothing },
  { ids: "S-15", title: "pipelined NOOP", run: pipelineNoops },
  { ids: "S-15", title: "1,000 connections a second from many addresses", run: flood },
];

/** Half of a ClientHello: its record and handshake headers announce more. */
const halfHello = Buffer.from("1603010200010001fc0303", "hex");

async function stallHandshakes(serving: Serving, { stalledCount, limits }: Scale): Promise<void> {
  const stalled: Socket[] = [];
  for (let number = 0; number < stalledCount; number++) {
    const localAddress = addressOf(number % 50);
    const explicit = await FtpDriver.connect(serving.explicitPort, { localAddress });
    await explicit.reply();
    await explicit.expect("AUTH TLS", 234);
    const implicit = await FtpDriver.connect(serving.implicitPort, { localAddress });
    if (number % 2 === 0) for (const { socket } of [explicit, implicit]) socket.write(halfHello);
    stalled.push(explicit.socket, implicit.socket);
  }
  const drivers: FtpDriver[] = [];
  for (let number = 0; number < Math.min(10, stalledCount); number++) {
    const driver = await serving.loggedIn({ from });
    const raw = await driver.openPassive({ localAddress: from });
    driver.send("STOR stalled\r\n");
    assert.equal((await driver.reply()).code, 150);
    if (number % 2 === 0) raw.write(halfHello);
    drivers.push(driver);
    stalled.push(raw);
  }
  const isOver = (socket: Socket): boolean => socket.destroyed || socket.readableEnded;
  for (const socket of stalled) socket.on("error", () => undefined).resume();
  await until("stalled handshakes are given up", () => stalled.every(isOver), 2 * limits.handshakeMs + 10_000);
  for (const driver of drivers) {
    const { code } = await driver.reply();
    assert.ok(code >= 400, `a data connection that stalls was answered ${code}`);
    await driver.expect("NOOP", 200);
    await driver[Symbol.asyncDispose]();
  }
  for (const socket of stalled) socket.destroy();
}

async function askForPorts(serving: Serving, { passiveCount }: Scale): Promise<string> {
  const drivers = await Promise.all(Array.from({ length: 5 }, () => serving.loggedIn({ from })));
  let refusals = 0;
  const each = Math.ceil(passiveCount / drivers.length);
  await Promise.all(
    drivers.map(async (driver) => {
      for (let count = 0; count < each; count++) {
        const { code } = await driver.command(count % 2 === 0 ? "PASV" : "EPSV");
        assert.ok([227, 229, 425].includes(code), `answered ${code}`);
        if (code === 425) refusals++;
      }
    }),
  );
  const { listeners } = await serving.holdings();
  assert.ok(listeners <= serving.pids.length * 514, `${listeners} listeners`);
  // Who has a port waiting keeps nobody else from getting one.
  await using other = await serving.loggedIn();
  await other.expect("EPSV", 229);
  for (const driver of drivers) await driver[Symbol.asyncDispose]();
  return `${each * drivers.length} asked, ${refusals} refused, ${listeners} listeners`;
}

async function logInAndRest(serving: Serving, { idleLoginsCount, workingCount }: Scale): Promise<string> {
  const before = pssOf(serving);
  const idle: FtpDriver[] = [];
  try {
    while (idle.length < idleLoginsCount) {
      const modes = ["explicit", "implicit"] as const;
      const some = modes.map((mode, at) =>
        patientLogin(serving, { mode, from: addressOf((idle.length + at) % 100), timeoutMs: 60_000 }),
      );
      idle.push(...(await Promise.all(some)));
    }
    const growthMiB = pssOf(serving) - before;
    const kib = (growthMiB * 1024) / idle.length;
    const boundMiB = 96 + (idle.length * idleLoginKibMax) / 1024;
    assert.ok(growthMiB < boundMiB, `${idle.length} idle logins take ${growthMiB.toFixed(0)} MiB`);
    const content = Buffer.alloc(50_000, "working");
    const working = Array.from({ length: workingCount }, async (_, number) => {
      await using driver = await patientLogin(serving, { timeoutMs: 60_000 });
      assert.equal((await driver.store(`STOR working-${number}`, content)).completion?.code, 226);
      assert.ok((await driver.retrieve(`RETR working-${number}`)).octets.equals(content));
      await driver.expect(`DELE working-${number}`, 250);
    });
    await Promise.all(working);
    for (const driver of idle) await driver.expect("NOOP", 200);
    return `${idle.length} idle logins, ${kib.toFixed(1)} KiB PSS each before garbage is collected`;
  } finally {
    for (const driver of idle) await driver[Symbol.asyncDispose]();
  }
}

/** A busy machine refuses logins whose password waits too long for its turn. */
async function patientLogin(serving: Serving, options: LoginOptions, attempts = 5): Promise<FtpDriver> {
  try {
    return await serving.loggedIn(options);
  } catch (error) {
    if (attempts === 1) throw error;
    return await patientLogin(serving, options, attempts - 1);
  }
}

/** Generous: garbage counts here. The benchmark of idle logins holds to the bound that is promised. */
const idleLoginKibMax = 200;

async function sendLongLines(serving: Serving): Promise<void> {
  const line = Buffer.concat([Buffer.alloc(1 << 20, "A"), Buffer.from("\r\n")]);
  const memoryBefore = pssOf(serving);
  for (const secured of [false, true]) {
    for (const loggedIn of [false, true]) {
      if (loggedIn && !secured) continue;
      const driver = loggedIn
        ? await serving.loggedIn({ from })
        : await FtpDriver.connect(secured ? serving.implicitPort : serving.explicitPort, {
            localAddress: from,
            ...(secured ? { tls } : {}),
          });
      if (!loggedIn) await driver.reply();
      driver.socket.on("error", () => undefined).write(line);
      const first = await driver.reply().catch(() => undefined);
      assert.ok(first === undefined || first.code === 500 || first.code === 421, `answered ${first?.code}`);
      if (first?.code === 500)
        await driver.expect("NOOP", loggedIn ? 200 : 530).catch(() => driver.expect("NOOP", 200));
      await driver[Symbol.asyncDispose]();
    }
  }
  const growthMiB = pssOf(serving) - memoryBefore;
  assert.ok(growthMiB < 64, `memory grew by ${growthMiB.toFixed(0)} MiB`);
}

async function sendGarbage(serving: Serving, { garbageMs }: Scale): Promise<string> {
  const garbage = randomBytes(1 << 20);
  const memoryBefore = pssOf(serving);
  const login = await serving.loggedIn({ from });
  let octets = 0;
  const targets: (() => Promise<Socket>)[] = [
    () => rawConnection(serving.explicitPort),
    () => rawConnection(serving.implicitPort),
    async () => {
      const driver = await FtpDriver.connect(serving.implicitPort, { localAddress: from, tls });
      return driver.socket;
    },
    async () => login.openPassive({ localAddress: from }),
  ];
  for (const open of targets) {
    const endMs = performance.now() + garbageMs;
    for (let socket = await open(); performance.now() < endMs;) {
      if (socket.destroyed || socket.writableEnded) socket = await open().catch(() => socket);
      socket.on("error", () => undefined).resume();
      const startedMs = performance.now();
      await Promise.race([new Promise((resolve) => socket.write(garbage, resolve)), pause(500)]);
      octets += garbage.length;
      socket.removeAllListeners("error").on("error", () => undefined);
      // 50 MiB/s.
      await pause(Math.max(1, 20 - (performance.now() - startedMs)));
      if (performance.now() >= endMs) socket.destroy();
    }
  }
  await login[Symbol.asyncDispose]();
  const growthMiB = pssOf(serving) - memoryBefore;
  assert.ok(growthMiB < 128, `memory grew by ${growthMiB.toFixed(0)} MiB`);
  return `${octets >> 20} MiB in ${(targets.length * garbageMs) / 1000} s`;
}

async function readNothing(serving: Serving): Promise<string> {
  const memoryBefore = pssOf(serving);
  const talker = await serving.loggedIn({ from });
  talker.socket.on("error", () => undefined).pause();
  for (let count = 0; count < 400 && !talker.socket.destroyed; count++) {
    talker.send("HELP\r\nFEAT\r\nSTAT\r\n".repeat(100));
    if (count % 20 === 0) await pause(5);
  }
  await pause(1_000);
  const reader = await serving.loggedIn({ from });
  const raw = await reader.openPassive({ localAddress: from });
  await reader.expect("RETR large", 150);
  const data = await reader.secureData(raw);
  data.pause();
  const { code } = await reader.reply();
  assert.ok(code >= 400, `a transfer that nobody reads was answered ${code}`);
  await reader.expect("NOOP", 200);
  data.destroy();
  const growthMiB = pssOf(serving) - memoryBefore;
  assert.ok(growthMiB < 64, `memory grew by ${growthMiB.toFixed(0)} MiB`);
  talker.socket.resume();
  assert.ok(await talker.waitForEnd(5_000), "who does not read its replies is cut off");
  await reader[Symbol.asyncDispose]();
  return `${growthMiB.toFixed(1)} MiB more`;
}

async function pipelineNoops(serving: Serving, { noopCount }: Scale): Promise<string> {
  const driver = await serving.loggedIn({ from });
  driver.socket.removeAllListeners("data");
  let replies = 0;
  driver.socket.on("data", (octets: Buffer) => {
    for (const octet of octets) if (octet === 0x0a) replies++;
  });
  const startedMs = performance.now();
  const block = Buffer.from("NOOP\r\n".repeat(1_000));
  for (let sent = 0; sent < noopCount; sent += 1_000) {
    if (!driver.socket.write(block)) await once(driver.socket, "drain");
  }
  await until("every NOOP is answered", () => replies >= noopCount, 600_000);
  assert.equal(replies, noopCount);
  await driver[Symbol.asyncDispose]();
  return `${Math.round((noopCount / (performance.now() - startedMs)) * 1000)} a second`;
}

async function flood(serving: Serving, { floodMs }: Scale): Promise<string> {
  const sockets = new Set<Socket>();
  let begun = 0;
  const endMs = performance.now() + floodMs;
  while (performance.now() < endMs) {
    for (let count = 0; count < 10; count++) {
      const port = begun % 2 === 0 ? serving.explicitPort : serving.implicitPort;
      const socket = connect({ host: "127.0.0.1", port, localAddress: addressOf(begun++ % 60_000) });
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => sockets.delete(socket))
        .resume();
      setTimeout(() => socket.resetAndDestroy(), 500);
    }
    await pause(10);
  }
  await until("the flood is over", () => sockets.size === 0);
  return `${begun} connections, ${Math.round((begun / floodMs) * 1000)} a second`;
}

async function rawConnection(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, localAddress: from });
  await once(socket, "connect");
  return socket;
}

/** One of many loopback addresses, none of them 127.0.0.1. */
function addressOf(number: number): string {
  return `127.${1 + (number >> 16)}.${(number >> 8) & 0xff}.${1 + (number & 0x7f)}`;
}

function pssOf(serving: Serving): number {
  return serving.pids.reduce((total, pid) => total + memoryOf(pid).pssMiB, 0);
}
