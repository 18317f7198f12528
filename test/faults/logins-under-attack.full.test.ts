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
    assert.equal(report.knownLogins.failed, 0);
    assert.ok(report.knownLogins.p99Ms < 2000, `p99 of good logins: ${report.knownLogins.p99Ms} ms`);
    assert.ok(report.attackedPssKib - report.quietPssKib < 262_144, "memory stays within 256 MiB of what it was");
  },
);
