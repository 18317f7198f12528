import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../src/gateway/bounds.ts";
import { Rates } from "../src/gateway/guard.ts";

test("guessing stops at a server, and over all its spellings, and everybody's at one server", async () => {
  const rates = new Rates();
  const attempt = async (client: string, host: string): Promise<boolean> => {
    const isAdmitted = await rates.login(client, host).then(
      () => true,
      () => false,
    );
    if (isAdmitted) await rates.refused(client, host);
    return isAdmitted;
  };
  const admitted = async (count: number, at: (turn: number) => readonly [string, string]): Promise<number> => {
    let sum = 0;
    for (let turn = 0; turn < count; turn++) sum += Number(await attempt(...at(turn)));
    return sum;
  };
  assert.equal(await admitted(15, () => ["192.0.2.1", "one.example"]), bounds.refusalsPerQuarter);
  assert.equal(await admitted(15, (turn) => ["192.0.2.2", `${turn}.example`]), 15);
  const many = bounds.targetLoginsPerMinute + 20;
  assert.equal(await admitted(many, (turn) => [`198.51.100.${turn}`, "two.example"]), bounds.targetLoginsPerMinute);
});

test("a server beyond those of an hour is refused however often it is asked for, and known ones are not", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.now() });
  const rates = new Rates();
  const admitted = new Set<string>();
  for (let at = 0; at < bounds.hostsPerHour + 5; at++) {
    context.mock.timers.tick(61_000);
    for (const host of [`${at}.example`, `${at}.example`, "0.example"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await rates.login("192.0.2.1", host).then(
        () => admitted.add(host),
        () => assert.notEqual(host, "0.example"),
      );
    }
  }
  assert.equal(admitted.size, bounds.hostsPerHour);
});
