import type { GssapiMechanism } from "@sallyport/gssapi";
import { startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { fault, heldBy, mechanismIn, opened, pairOf, realmSkip } from "./realm.ts";

test(
  "two hundred contexts made, dropped and refused leave nothing behind",
  { skip: realmSkip, timeout: 60_000 },
  async () => {
    await using kdc = await startKdc();
    await kdc.tickets("alice");
    await using mechanism = mechanismIn(kdc);
    await makeAndDrop(mechanism, 200);
    const before = await heldBy(mechanism);
    await makeAndDrop(mechanism, 200);
    const after = await heldBy(mechanism);
    assert.deepEqual(after.handlesCount, before.handlesCount);
    // What one context takes, measured without the release, is 10 KiB; the collector of garbage has its own moods.
    assert.ok(
      after.residentBytes - before.residentBytes < 8_000_000,
      `${before.residentBytes}, ${after.residentBytes}`,
    );
  },
);

test(
  "contexts side by side in one process do not disturb each other",
  { skip: realmSkip, timeout: 60_000 },
  async () => {
    await using kdc = await startKdc();
    await kdc.tickets("alice");
    await using mechanism = mechanismIn(kdc);
    const pairs = await Promise.all(Array.from({ length: 10 }, () => pairOf(mechanism)));
    const texts = Array.from({ length: 20 }, (_, index) => "x".repeat(index * 997));
    const all = pairs.flatMap(({ client, server }) =>
      texts.map(async (text) => opened(server, await client.wrap(Buffer.from(text), true))),
    );
    const expected = pairs.flatMap(() => texts.map((text) => `${text} in-order`));
    assert.deepEqual(await Promise.all(all), expected);
  },
);

async function makeAndDrop(mechanism: GssapiMechanism, count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await using pair = await pairOf(mechanism);
    // oxlint-disable-next-line no-await-in-loop -- likewise
    assert.equal(await opened(pair.server, await pair.client.wrap(Buffer.from("x"), true)), "x in-order");
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await using refused = await mechanism.accept();
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await assert.rejects(refused.step(pair.opening), fault("token-rejected"));
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await using half = await mechanism.initiate("ftp@localhost");
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await half.step(undefined);
  }
}
