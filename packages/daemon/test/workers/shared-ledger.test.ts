import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";
import type { Account } from "@sallyport/server/accounts";
import { MemoryDirectory, type QuotaAccount } from "@sallyport/server/storage";
import fc from "fast-check";
import { ledgersOf } from "./ledger-exchange.ts";

const limitBytes = 20_000_000;

async function quotasOf(workersCount: number) {
  const { own, workers } = ledgersOf(workersCount);
  const storage = new MemoryDirectory().forOwner("alice");
  const quotas = workers.map(({ remote }) => remote.quotaOf("alice", limitBytes));
  for (const quota of quotas) await quota.count(storage);
  return { own, workers, quotas, usage: own.quotaOf("alice", limitBytes) };
}

test("one after the other, leases of a quota refuse no octet that is there and grant none that is not", async () => {
  const steps = fc.array(
    fc.record({ worker: fc.nat(2), bytes: fc.integer({ min: -8_000_000, max: 8_000_000 }), publish: fc.boolean() }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const { quotas, usage } = await quotasOf(3);
      const held = [0, 0, 0];
      let used = 0;
      const all = () => used + held.reduce((sum, bytes) => sum + bytes, 0);
      for (const { worker, bytes, publish } of sequence) {
        const quota = quotas[worker];
        assert.ok(quota);
        const mine = held[worker] ?? 0;
        if (bytes >= 0) {
          const granted = await quota.hold(bytes);
          assert.equal(granted, all() + bytes <= limitBytes);
          if (granted) held[worker] = mine + bytes;
        } else {
          const back = Math.min(-bytes, mine);
          if (publish) {
            quota.add(back);
            used += back;
          }
          await quota.hold(-back);
          held[worker] = mine - back;
        }
      }
      assert.equal(await quotas[0]?.free(), limitBytes - all());
      assert.equal(usage.usedBytes, used);
    }),
    { numRuns: 60 },
  );
});

test("at once, uploads of several workers never hold more than the quota", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.nat(3_000_000), { maxLength: 12 }), { maxLength: 6 }), async (uploads) => {
      const { quotas } = await quotasOf(3);
      let held = 0;
      const upload = async (quota: QuotaAccount, writes: readonly number[]) => {
        for (const bytes of writes) {
          if (!(await quota.hold(bytes))) return;
          held += bytes;
          assert.ok(held <= limitBytes, `${held} held`);
        }
      };
      await Promise.all(uploads.map((writes, at) => upload(quotas[at % 3] as QuotaAccount, writes)));
    }),
    { numRuns: 60 },
  );
});

test("what a worker held is free when it has ended, and its turn is another's", async () => {
  const { workers, quotas, usage } = await quotasOf(2);
  const [dying, living] = quotas;
  assert.ok(dying && living);
  assert.equal(await dying.hold(limitBytes), true);
  void dying.exclusively(() => new Promise(() => undefined)).catch(() => undefined);
  await turn();
  const waiting = living.exclusively(async () => "done");
  assert.equal(await living.hold(1), false);
  workers[0]?.end();
  assert.equal(await waiting, "done");
  assert.equal(await living.hold(limitBytes), true);
  assert.equal(usage.freeBytes, 0);
});

test("rates are divided by the transfers that run, and connections end with their worker", async () => {
  const { own, workers } = ledgersOf(2);
  const [one, other] = workers;
  assert.ok(one && other);
  const account: Account = { ...nobody, name: "slow", uploadBytesPerSecond: 900 };
  const first = await one.remote.beginTransfer(account, "upload");
  const rateOf = ({ options }: typeof first) => options.throttle?.bytesPerSecond;
  assert.equal(rateOf(first), 900);
  const second = await other.remote.beginTransfer(account, "upload");
  const third = await other.remote.beginTransfer(account, "upload");
  for (let turns = 4; turns > 0; turns--) await turn();
  assert.deepEqual([first, second, third].map(rateOf), [300, 600, 600]);
  second[Symbol.dispose]();
  for (let turns = 4; turns > 0; turns--) await turn();
  assert.deepEqual([first, third].map(rateOf), [450, 450]);

  const limited = { ...nobody, name: "limited", connectionsMax: 1 };
  const admission = await other.remote.admit("192.0.2.1");
  assert.ok(admission.kind === "admitted");
  assert.equal(await other.remote.claimLogin(admission.connection, limited), true);
  assert.equal(await one.remote.claimLogin(99, limited), false);
  assert.equal(own.connectionsCount, 1);
  other.end();
  assert.equal(own.connectionsCount, 0);
  assert.equal(await one.remote.claimLogin(99, limited), true);
  await turn();
  assert.equal(rateOf(first), 900);
});

test("transfers that begin at once in several workers have no more than the rate together", async () => {
  const { workers } = ledgersOf(3);
  const account: Account = { ...nobody, name: "slow", downloadBytesPerSecond: 900 };
  const shares = await Promise.all(workers.map(({ remote }) => remote.beginTransfer(account, "download")));
  await turn();
  await turn();
  assert.deepEqual(
    shares.map(({ options }) => options.throttle?.bytesPerSecond),
    [300, 300, 300],
  );
});

test("what a worker asked for and is read after its end counts nothing", async () => {
  const { own, workers } = ledgersOf(2);
  const [dying, living] = workers;
  assert.ok(dying && living);
  const account: Account = { ...nobody, name: "slow", downloadBytesPerSecond: 900, connectionsMax: 1 };
  void dying.remote.admit("192.0.2.1").catch(() => undefined);
  void dying.remote.claimLogin(7, account).catch(() => undefined);
  void dying.remote.beginTransfer(account, "download").catch(() => undefined);
  dying.end();
  await turn();
  await turn();
  assert.equal(own.connectionsCount, 0);
  assert.equal(await living.remote.claimLogin(8, account), true);
  const { options } = await living.remote.beginTransfer(account, "download");
  assert.equal(options.throttle?.bytesPerSecond, 900);
});

const nobody: Omit<Account, "name"> = {
  home: "/" as Account["home"],
  permissions: [],
  readOnly: false,
  anonymous: false,
};
