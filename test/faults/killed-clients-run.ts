import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Bystander } from "./bystander.ts";
import { chance, seedOfRun } from "./chance.ts";
import { holdsNoMore } from "./holdings.ts";
import { drawKillPoint, killAt, type KillPoint } from "./killed-clients.ts";
import { Serving } from "./serving.ts";

/**
 * Kills clients at so many points, one after the other, while a bystander is served, and counts what the server holds.
 *
 * Memory is compared with what it is at half time: buffers, arenas of the allocator and password threads come with the
 * first two hundred connections (255 MiB from there to the thousandth, measured), and a leak would go on.
 */
export async function killClients(
  context: TestContext,
  options: { readonly points: number; readonly words?: readonly string[]; readonly rssGrowthMaxMiB: number },
): Promise<void> {
  const draw = chance(seedOfRun());
  context.diagnostic(`SALLYPORT_SEED=${draw.seed}`);
  await using serving = await Serving.start({ words: options.words ?? [] });
  // What the first transfers make once and for all is no leak.
  for (let number = -12; number < 0; number++) await kill(serving, drawKillPoint(number, draw, { byProcess: 0 }));
  const before = await serving.holdingsAtRest();
  await using bystander = await Bystander.start({ port: serving.implicitPort, mode: "implicit", logsInEachTime: true });
  let atHalfTime = before;
  for (let number = 0; number < options.points; number++) {
    await kill(serving, drawKillPoint(number, draw, { byProcess: 15 }));
    if (number + 1 === options.points >> 1) atHalfTime = await serving.holdingsAtRest();
  }
  await bystander.sawNothing(context, 5_000);
  const after = await serving.holdingsAtRest(before);
  context.diagnostic(`before ${JSON.stringify(before)}`);
  context.diagnostic(`half   ${JSON.stringify(atHalfTime)}`);
  context.diagnostic(`after  ${JSON.stringify(after)}`);
  holdsNoMore({ ...before, rssMiB: atHalfTime.rssMiB }, after, options.rssGrowthMaxMiB, serving.pids.length);
  assert.deepEqual(serving.faults, []);
}

async function kill(serving: Serving, point: KillPoint): Promise<void> {
  try {
    await killAt(serving, point);
  } catch (error) {
    throw new Error(`after ${JSON.stringify(point)}`, { cause: error });
  }
}
