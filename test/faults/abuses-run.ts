import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { needs } from "@sallyport/testing";
import { abuses, type Scale } from "./abuses.ts";
import { Bystander } from "./bystander.ts";
import { holdsNoMore } from "./holdings.ts";
import { Serving } from "./serving.ts";

/** Abuses a server in one way after the other, each time beside a bystander, and looks at what it holds on to. */
export function describeAbuses(title: string, scale: Scale, timeoutMs: number): void {
  const skip = needs("linux");
  describe(title, { skip }, () => {
    let serving: Serving;
    before(async () => {
      const words = ["--max-connections", "8000", "--max-per-host", "4000"];
      serving = await Serving.start({ words, limits: { ...scale.limits } });
      writeFileSync(join(serving.root, "large"), Buffer.alloc(64 << 20));
      await warmUp(serving);
    });
    after(() => serving[Symbol.asyncDispose]());
    for (const { ids, title: what, run } of abuses) {
      it(`${ids} ${what}`, { timeout: timeoutMs }, async (context) => {
        const held = await serving.holdingsAtRest();
        await using bystander = await Bystander.start({ port: serving.implicitPort, mode: "implicit" });
        const figures = await run(serving, scale);
        if (figures !== undefined) context.diagnostic(figures);
        await bystander.sawNothing(context, roundMaxMs);
        const left = await serving.holdingsAtRest(held);
        context.diagnostic(`before ${JSON.stringify(held)}`);
        context.diagnostic(`after  ${JSON.stringify(left)}`);
        holdsNoMore(held, left, 96 + scale.idleLoginsCount / 8, serving.pids.length);
        assert.deepEqual(serving.faults, []);
      });
    }
  });
}

/** The attacker has the other of two cores, and the bystander shares the server's. */
const roundMaxMs = 10_000;

/** What the first logins and transfers make once and for all is no leak. */
async function warmUp(serving: Serving): Promise<void> {
  const logins = Array.from({ length: 8 }, async (_, number) => {
    await using driver = await serving.loggedIn();
    await driver.store(`STOR warm-${number}`, Buffer.alloc(1_000));
    await driver.retrieve("MLSD");
  });
  await Promise.all(logins);
}
