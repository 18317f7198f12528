import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startBusyClients } from "./busy-clients.ts";
import { type Chance, chance, contentOf, seedOfRun } from "./chance.ts";
import { leftIn } from "./holdings.ts";
import { Ledger } from "./ledger.ts";
import { Serving } from "./serving.ts";
import { quantile, until } from "./waiting.ts";

/** Kills the server so many times under mixed load, starts it again each time, and compares with what it promised. */
export async function killServer(
  context: TestContext,
  options: { readonly rounds: number; readonly words?: readonly string[] },
): Promise<void> {
  const draw = chance(seedOfRun());
  context.diagnostic(`SALLYPORT_SEED=${draw.seed}`);
  await using serving = await Serving.start({ words: options.words ?? [] });
  const ledger = new Ledger();
  const part = new KeptPart(serving, draw);
  const startsMs: number[] = [];
  let orphans = 0;
  for (let round = 0; round < options.rounds; round++) {
    await part.prepare();
    const doneBefore = ledger.acknowledgedCount;
    const { ended } = await startBusyClients(serving, { ledger, draw, prefix: `round-${round}` });
    await until("the clients are at work", () => ledger.acknowledgedCount > doneBefore, atWorkMaxMs);
    await pause(draw.below(400));
    await serving.killHard();
    await ended;
    orphans += leftIn(serving.root).staging.length;
    if (draw.below(10) === 0) await killInTheStart(serving, draw);
    startsMs.push(await serving.begin());
    ledger.judge(serving.root);
    const { staging, claims } = leftIn(serving.root);
    assert.deepEqual([...staging, ...claims], [], "the start removes what the dead process left");
    await part.judge();
    // One file of each round lies there to the end, so that no later round spoils what an earlier one left.
    ledger.forget(serving.root, (name) => name.endsWith("-0-1"));
  }
  ledger.judge(serving.root);
  const { acknowledgedCount, pendingCount } = ledger;
  context.diagnostic(
    `${acknowledgedCount} acknowledged, ${pendingCount} under way at a kill, ${orphans} orphans removed`,
  );
  context.diagnostic(
    `start: median ${quantile(startsMs, 0.5).toFixed(0)} ms, longest ${Math.max(...startsMs).toFixed(0)} ms`,
  );
  assert.ok(acknowledgedCount >= options.rounds && pendingCount > 0, "the server was at work");
  assert.ok(Math.max(...startsMs) < startMaxMs, "a start after a kill is quick");
  assert.deepEqual(serving.faults, []);
}

/** Kills one of two workers so many times under mixed load, while a client of the other is served. */
export async function killWorkers(context: TestContext, options: { readonly rounds: number }): Promise<void> {
  const draw = chance(seedOfRun());
  context.diagnostic(`SALLYPORT_SEED=${draw.seed}`);
  await using serving = await Serving.start({ words: ["--workers", "2"] });
  const ledger = new Ledger();
  for (let round = 0; round < options.rounds; round++) {
    const over = new AbortController();
    const { ended } = await startBusyClients(serving, { ledger, draw, prefix: `round-${round}`, until: over.signal });
    await pause(20 + draw.below(300));
    const before = ledger.acknowledgedCount;
    const [, ...workers] = serving.pids;
    const victim = draw.one(workers);
    const startsBefore = serving.eventsCount("worker-started");
    process.kill(victim, "SIGKILL");
    const areServed = (): boolean => ledger.acknowledgedCount > before + 3;
    await until("clients of the other worker are served", areServed, atWorkMaxMs);
    over.abort();
    await ended;
    // Only then are the clients of the next round spread over both.
    await until("another worker serves", () => serving.eventsCount("worker-started") > startsBefore, atWorkMaxMs);
    const isClear = (): boolean => leftIn(serving.root).staging.length + leftIn(serving.root).claims.length === 0;
    await until("what the dead worker left is cleared away", isClear, atWorkMaxMs);
    ledger.judge(serving.root);
    ledger.forget(serving.root, (name) => name.endsWith("-0-1"));
  }
  const { acknowledgedCount, pendingCount } = ledger;
  context.diagnostic(`${acknowledgedCount} acknowledged, ${pendingCount} under way at a kill`);
  assert.deepEqual(serving.faults, []);
}

const startMaxMs = 30_000;

/** Far beyond what it takes: with thirty busy processes on two cores a single password check took 15 s. */
const atWorkMaxMs = 180_000;

async function killInTheStart(serving: Serving, draw: Chance): Promise<void> {
  const starting = serving.begin().catch(() => undefined);
  await pause(draw.below(600));
  await serving.killHard();
  await starting;
}

/** An interrupted upload, which lies there through some kills and is continued then. */
class KeptPart {
  readonly #serving: Serving;
  readonly #draw: Chance;
  readonly #content = contentOf("part", 300_000);
  #number = 0;
  #keptBytes = 0;

  constructor(serving: Serving, draw: Chance) {
    this.#serving = serving;
    this.#draw = draw;
  }

  async prepare(): Promise<void> {
    if (this.#keptBytes > 0) return;
    this.#number++;
    await using driver = await this.#serving.loggedIn();
    const raw = await driver.openPassive();
    await driver.expect(`STOR ${this.#name}`, 150);
    const data = await driver.secureData(raw);
    await new Promise((resolve) => data.write(this.#content.subarray(0, 100_000), resolve));
    raw.end();
    assert.equal((await driver.reply()).code, 426);
    raw.destroy();
    this.#keptBytes = Number((await driver.expect(`SIZE ${this.#name}`, 213)).text.slice(4));
    assert.ok(this.#keptBytes > 0);
  }

  async judge(): Promise<void> {
    await using driver = await this.#serving.loggedIn();
    await driver.expect(`REST ${this.#keptBytes}`, 350);
    assert.equal((await driver.expect(`SIZE ${this.#name}`, 213)).text, `213 ${this.#keptBytes}`, "the part is kept");
    if (this.#draw.below(3) > 0) return;
    await driver.expect(`REST ${this.#keptBytes}`, 350);
    const { completion } = await driver.store(`STOR ${this.#name}`, this.#content.subarray(this.#keptBytes));
    assert.equal(completion?.code, 226);
    assert.deepEqual(readFileSync(join(this.#serving.root, this.#name)), this.#content);
    this.#keptBytes = 0;
  }

  get #name(): string {
    return `part-${this.#number}`;
  }
}
