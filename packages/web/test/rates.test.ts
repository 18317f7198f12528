import assert from "node:assert/strict";
import { test } from "node:test";
import { bounds } from "../src/gateway/bounds.ts";
import { Rates } from "../src/gateway/guard.ts";

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
