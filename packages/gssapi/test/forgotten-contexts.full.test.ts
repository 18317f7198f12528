import type { GssapiMechanism } from "@sallyport/gssapi";
import { startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { heldBy, mechanismIn, pairOf, realmSkip } from "./realm.ts";

test(
  "contexts that nobody disposes of are released with their objects",
  { skip: realmSkip, timeout: 60_000 },
  async () => {
    await using kdc = await startKdc();
    await kdc.tickets("alice");
    await using mechanism = mechanismIn(kdc);
    // The process grows by some megabytes until about a thousand pairs were made, and is flat from there.
    await makeAndForget(mechanism, 1200);
    const before = await heldBy(mechanism);
    await makeAndForget(mechanism, 600);
    const after = await heldBy(mechanism);
    // Six hundred pairs that are kept take 9.6 MB.
    assert.ok(
      after.residentBytes - before.residentBytes < 4_000_000,
      `${before.residentBytes}, ${after.residentBytes}`,
    );
  },
);

setFlagsFromString("--expose-gc");
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the flag brings
const collectGarbage = runInNewContext("gc") as () => void;

async function makeAndForget(mechanism: GssapiMechanism, count: number): Promise<void> {
  for (let made = 1; made <= count; made++) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await pairOf(mechanism);
    if (made % 100 !== 0) continue;
    collectGarbage();
    // oxlint-disable-next-line no-await-in-loop -- objects are told to be gone in a later turn
    await pause(100);
  }
}
