import assert from "node:assert/strict";
import { test } from "node:test";
import { limitValues } from "@sallyport/protocol";
import fc from "fast-check";
import type { ServiceSettings } from "@sallyport/daemon";
import { RestartDelays } from "../../src/workers/restart-delays.ts";
import { requirePortForEach, workerShare } from "../../src/workers/worker-share.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no other setting is looked at
const settings = { limits: { hashQueueCount: 10 }, connectionsMax: 7 } as unknown as ServiceSettings;

test("passive ports are divided without rest or overlap", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 32 }), fc.nat(300), (workersCount, more) => {
      const passivePorts = { first: 50_000, last: 50_000 + workersCount - 1 + more };
      const shares = Array.from(
        { length: workersCount },
        (_, slot) => workerShare({ ...settings, passivePorts }, slot, workersCount).passivePorts,
      );
      let next = passivePorts.first;
      for (const share of shares) {
        assert.equal(share?.first, next);
        assert.ok(share.last >= share.first);
        next = share.last + 1;
      }
      assert.equal(next, passivePorts.last + 1);
      requirePortForEach({ ...settings, passivePorts, workersCount });
      assert.throws(() => requirePortForEach({ ...settings, passivePorts, workersCount: workersCount + more + 1 }));
    }),
  );
});

test("what the machine has is divided, what peers are held to is not", () => {
  const share = workerShare(settings, 0, 4);
  const defaults = limitValues();
  assert.equal(share.limits?.hashQueueCount, 3);
  assert.equal(share.limits.hashWorkersCount, 1);
  assert.equal(share.limits.dataBufferBytes, defaults.dataBufferBytes / 4);
  assert.equal(share.limits.passwordQueueCount, defaults.passwordQueueCount / 4);
  assert.equal(share.limits.connectionsCount, 7);
  assert.equal(share.limits.loginFailuresCount, defaults.loginFailuresCount);
  assert.ok((share.passwordChecksMax ?? 0) >= 1);
});

test("who dies young waits twice as long each time, up to 5 seconds; who has lived starts anew", () => {
  const delays = new RestartDelays();
  const waits = Array.from({ length: 8 }, () => delays.next(0, 1000));
  assert.deepEqual(waits, [0, 250, 500, 1000, 2000, 4000, 5000, 5000]);
  assert.equal(delays.next(1, 1000), 0);
  assert.equal(delays.next(0, 3_600_000), 0);
  assert.equal(delays.next(0, 1000), 0);
  assert.equal(delays.next(0, 1000), 250);
});
