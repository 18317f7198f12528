import type { FtpDriver } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Chance, contentOf } from "./chance.ts";
import type { Serving } from "./serving.ts";

/** What a client may do in one visit; how often says the weight. */
type Deed = (visit: Visit) => Promise<void>;

interface Visit {
  readonly serving: Serving;
  readonly driver: FtpDriver;
  readonly draw: Chance;
  readonly name: string;
}

const deeds: readonly (readonly [weight: number, deed: Deed])[] = [
  [6, storeAndFetch],
  [3, replace],
  [3, list],
  [2, append],
  [2, rename],
  [2, abort],
  [2, cut],
  [2, active],
  [1, wander],
  [1, idle],
  [1, vanish],
];

const totalWeight = deeds.reduce((total, [weight]) => total + weight, 0);

/** Visits of one client, good and bad, until the time is over. Returns how many there were, by what was done. */
export async function visitUntil(
  serving: Serving,
  { draw, number, endMs, counts }: { draw: Chance; number: number; endMs: number; counts: Map<string, number> },
): Promise<void> {
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (let visit = 0; performance.now() < endMs; visit++) {
    if (draw.below(20) === 0) {
      await failToLogIn(serving, draw);
      count("wrong password");
      continue;
    }
    const driver = await serving.loggedIn({
      mode: draw.one(["explicit", "implicit"]),
      maxVersion: draw.one(["TLSv1.2", "TLSv1.3"]),
      timeoutMs: 60_000,
    });
    for (let left = 1 + draw.below(8); left > 0 && !driver.ended && performance.now() < endMs; left--) {
      const deed = drawDeed(draw);
      await deed({ serving, driver, draw, name: `soak-${number}` });
      count(deed.name);
    }
    if (!driver.ended && draw.below(2) === 0) await driver.command("QUIT").catch(() => undefined);
    await driver[Symbol.asyncDispose]();
  }
}

function drawDeed(draw: Chance): Deed {
  let left = draw.below(totalWeight);
  for (const [weight, deed] of deeds) if ((left -= weight) < 0) return deed;
  return list;
}

/** From an address that is banned in time, and forgotten again. */
async function failToLogIn(serving: Serving, draw: Chance): Promise<void> {
  const failing = serving.loggedIn(
    { user: draw.one(["alice", "nobody"]), from: `127.66.0.${1 + draw.below(200)}` },
    "wrong",
  );
  await failing.then(
    (driver) => driver[Symbol.asyncDispose](),
    () => undefined,
  );
}

async function storeAndFetch({ driver, draw, name }: Visit): Promise<void> {
  const sizeBytes = draw.below(draw.one([10, 5_000, 300_000, 300_000, 8_000_000]));
  const content = contentOf(name, sizeBytes);
  succeed(await driver.store(`STOR ${name}`, content));
  const fetched = await driver.retrieve(`RETR ${name}`);
  succeed(fetched);
  assert.ok(fetched.octets.equals(content), "what was stored is fetched");
  await driver.expect(`DELE ${name}`, 250);
}

async function replace({ driver, draw, name }: Visit): Promise<void> {
  succeed(await driver.store(`STOR ${name}-same`, contentOf(name, draw.below(100_000))));
}

async function list({ driver, draw }: Visit): Promise<void> {
  succeed(await driver.retrieve(draw.one(["MLSD", "LIST", "NLST", "LIST -la"])));
}

async function append({ driver, draw, name }: Visit): Promise<void> {
  succeed(await driver.store(`APPE ${name}-log`, contentOf(name, draw.below(20_000))));
  if (draw.below(8) === 0) await driver.expect(`DELE ${name}-log`, 250);
}

async function rename({ driver, name }: Visit): Promise<void> {
  succeed(await driver.store(`STOR ${name}-a`, contentOf(name, 5_000)));
  await driver.expect(`RNFR ${name}-a`, 350);
  await driver.expect(`RNTO ${name}-b`, 250);
  await driver.expect(`DELE ${name}-b`, 250);
}

async function abort({ driver, name }: Visit): Promise<void> {
  const raw = await driver.openPassive();
  await driver.expect(`STOR ${name}-aborted`, 150);
  const data = await driver.secureData(raw);
  data.write(Buffer.alloc(50_000));
  await pause(5);
  driver.send("ABOR\r\n");
  const first = await driver.reply();
  if (first.code === 426) await driver.reply();
  raw.destroy();
  await driver.command(`DELE ${name}-aborted`);
}

/** The part stays, until the sweep. */
async function cut({ driver, draw, name }: Visit): Promise<void> {
  const raw = await driver.openPassive();
  await driver.expect(`STOR ${name}-cut-${draw.below(5)}`, 150);
  const data = await driver.secureData(raw);
  data.write(Buffer.alloc(draw.below(100_000)));
  await pause(draw.below(10));
  raw.resetAndDestroy();
  assert.equal((await driver.reply()).code, 426);
}

async function active({ driver }: Visit): Promise<void> {
  const arriving = Promise.withResolvers<Socket>();
  const listener = createServer((socket) => arriving.resolve(socket));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  try {
    await driver.expect(`EPRT |1|127.0.0.1|${port}|`, 200);
    await driver.expect("MLSD", 150);
    const data = await driver.secureData(await arriving.promise);
    await new Promise((resolve) => data.resume().once("close", resolve));
    assert.equal((await driver.reply()).code, 226);
  } finally {
    listener.close();
  }
}

async function wander({ driver, name }: Visit): Promise<void> {
  await driver.expect(`MKD ${name}-d`, 257);
  await driver.expect(`CWD ${name}-d`, 250);
  await driver.command("CDUP");
  await driver.expect(`RMD ${name}-d`, 250);
  for (const line of ["PWD", "FEAT", "STAT", "HELP", "SIZE nothing", "EPSV"]) await driver.command(line);
}

/** Longer than the server waits. */
async function idle({ driver }: Visit): Promise<void> {
  assert.ok(await driver.waitForEnd(20_000), "who is idle is sent away");
}

async function vanish({ driver, name }: Visit): Promise<void> {
  const raw = await driver.openPassive();
  driver.send(`STOR ${name}-vanished\r\n`);
  await driver.reply();
  driver.socket.destroy();
  raw.destroy();
  await driver.waitForEnd();
}

function succeed({ opening, completion }: Awaited<ReturnType<FtpDriver["store"]>>): void {
  assert.equal(completion?.code, 226, `${opening.text} / ${completion?.text}`);
}
