import { type FtpDriver } from "@sallyport/testing";
import assert from "node:assert/strict";
import { type Chance, contentOf } from "./chance.ts";
import type { Ledger } from "./ledger.ts";
import type { Serving } from "./serving.ts";

/** What one busy client does again and again; each works on names of its own. */
type Task = (work: Work) => Promise<void>;

interface Work {
  readonly driver: FtpDriver;
  readonly ledger: Ledger;
  readonly draw: Chance;
  /** Begins all names of this client. */
  readonly prefix: string;
  readonly turn: number;
}

/**
 * Clients that store, replace, append, rename, delete and let the server choose names, until their connection ends.
 * What was acknowledged stands in the ledger. An answer other than success is an error: nothing here may be refused.
 */
export async function startBusyClients(
  serving: Serving,
  options: {
    readonly ledger: Ledger;
    readonly draw: Chance;
    readonly prefix: string;
    /** Ends those that are still served behind what they do. */
    readonly until?: AbortSignal;
  },
): Promise<{ readonly ended: Promise<void> }> {
  const { ledger, draw, prefix, until } = options;
  const drivers = await Promise.all(
    tasks.map((_, number) =>
      serving.loggedIn({
        mode: number % 2 === 0 ? "explicit" : "implicit",
        maxVersion: number % 3 === 0 ? "TLSv1.2" : "TLSv1.3",
        timeoutMs: answerMaxMs,
      }),
    ),
  );
  const running = drivers.map(async (driver, number) => {
    await using client = driver;
    for (let turn = 0; !isOver(until); turn++) {
      try {
        await tasks[number]?.({ driver: client, ledger, draw, prefix: `${prefix}-${number}`, turn });
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return;
      }
    }
  });
  return { ended: Promise.all(running).then(() => undefined) };
}

/**
 * With thirty busy processes on two cores one password check took 15 s, all but 0.1 s of it on the kernel's run queue
 * (measured), and there may be four in a worker's queue.
 */
const answerMaxMs = 180_000;

function isOver(until: AbortSignal | undefined): boolean {
  return until?.aborted === true;
}

const tasks: readonly Task[] = [storeNew, storeOver, append, storeAndRename, storeAndDelete, storeUnique, appendNew];

async function storeNew(work: Work): Promise<void> {
  await store(work, `${work.prefix}-${work.turn}`);
}

async function storeOver(work: Work): Promise<void> {
  await store(work, `${work.prefix}-same`);
}

async function append({ driver, ledger, draw, prefix, turn }: Work): Promise<void> {
  const name = `${prefix}-log`;
  const more = contentOf(`${name} ${turn}`, 1 + draw.below(100_000));
  ledger.begin(name, Buffer.concat([ledger.settled(name) ?? Buffer.alloc(0), more]));
  succeed(await driver.store(`APPE ${name}`, more));
  ledger.acknowledge(name);
}

async function appendNew(work: Work): Promise<void> {
  const { driver, ledger, draw, prefix, turn } = work;
  const name = `${prefix}-${turn}`;
  const content = contentOf(name, 1 + draw.below(200_000));
  ledger.begin(name, content);
  succeed(await driver.store(`APPE ${name}`, content));
  ledger.acknowledge(name);
}

async function storeAndRename(work: Work): Promise<void> {
  const { driver, ledger, prefix, turn } = work;
  const [from, to] = [`${prefix}-${turn}-old`, `${prefix}-${turn}-new`];
  await store(work, from);
  ledger.beginMove(from, to);
  await expect(driver, `RNFR ${from}`, 350);
  await expect(driver, `RNTO ${to}`, 250);
  ledger.acknowledgeMove(from);
}

async function storeAndDelete(work: Work): Promise<void> {
  const { driver, ledger, prefix, turn } = work;
  const name = `${prefix}-${turn}`;
  await store(work, name);
  ledger.begin(name, undefined);
  await expect(driver, `DELE ${name}`, 250);
  ledger.acknowledge(name);
}

/** The name comes with 150, so that until then there is nothing to be held to. */
async function storeUnique({ driver, ledger, draw, prefix, turn }: Work): Promise<void> {
  const raw = await driver.openPassive();
  const opening = await driver.command("STOU");
  assert.equal(opening.code, 150, opening.text);
  const name = opening.text.replace(/^150 FILE: /, "");
  const content = contentOf(`${prefix}-${turn}`, 1 + draw.below(300_000));
  ledger.begin(name, content);
  const data = await driver.secureData(raw);
  data.resume().end(content);
  const { code, text } = await driver.reply();
  assert.equal(code, 226, text);
  ledger.acknowledge(name);
}

async function store({ driver, ledger, draw, turn }: Work, name: string): Promise<void> {
  const content = contentOf(`${name} ${turn}`, 1 + draw.below(draw.one([1_000, 60_000, 900_000])));
  ledger.begin(name, content);
  succeed(await driver.store(`STOR ${name}`, content));
  ledger.acknowledge(name);
}

async function expect(driver: FtpDriver, line: string, code: number): Promise<void> {
  const answer = await driver.command(line);
  assert.equal(answer.code, code, `${line}: ${answer.text}`);
}

function succeed({ opening, completion }: Awaited<ReturnType<FtpDriver["store"]>>): void {
  assert.equal(completion?.code, 226, `${opening.text} / ${completion?.text}`);
}
