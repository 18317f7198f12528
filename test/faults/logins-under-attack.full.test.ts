import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "@sallyport/testing";
import { attackLogins } from "../../bench/logins-under-attack.ts";

test(
  "S-13 a thousand wrong passwords a second for a minute disturb neither transfers nor logins",
  { skip: needs("linux", "curl", "cc") },
  async (context) => {
    const report = await attackLogins({ seconds: 60, rate: 1000, addresses: 1000, workers: 2 });
    context.diagnostic(JSON.stringify(report));
    const { passwords, refused } = report.guesser;
    assert.ok(passwords + refused > 20_000, "the attack took place");
    assert.ok(report.attackedBytesPerSecond >= 0.9 * report.quietBytesPerSecond, "transfers keep nine tenths");
    for (const { failed, p99Ms } of [report.knownLogins, report.newLogins]) {
      assert.equal(failed, 0);
      assert.ok(p99Ms < 2000, `p99 of good logins: ${p99Ms} ms, while others had ${report.foreignCores} cores`);
    }
    assert.ok(report.attackedPssKib - report.quietPssKib < 262_144, "memory stays within 256 MiB of what it was");
  },
);
