import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Attack, Vulnerable } from "./attack.ts";
import { confinementAttacks } from "./confinement-attacks.ts";
import { controlAttacks } from "./control-attacks.ts";
import { dataAttacks } from "./data-attacks.ts";
import { loginAttacks } from "./login-attacks.ts";
import { storageAttacks } from "./storage-attacks.ts";
import { tlsAttacks } from "./tls-attacks.ts";
import { transferAttacks } from "./transfer-attacks.ts";
import { brokenTarget, ourTarget } from "./targets.ts";

const families = {
  controlAttacks,
  tlsAttacks,
  loginAttacks,
  dataAttacks,
  transferAttacks,
  storageAttacks,
  confinementAttacks,
};

for (const [family, attacks] of Object.entries(families)) {
  describe(`${family} on our server`, () => {
    for (const attack of attacks) {
      it(`${attack.ids} ${attack.title}: withstood`, circumstances(attack), async () => {
        await using target = await ourTarget(attack);
        await attack.run(target);
      });
    }
  });
}

const all = Object.values(families).flat();

// Here most of the time is spent waiting for what a sound server would do.
describe("a broken server", { concurrency: 8 }, () => {
  for (const attack of all.filter(({ measuresTime }) => measuresTime !== true)) found(attack);
});

describe("a broken server, by time", () => {
  for (const attack of all.filter(({ measuresTime }) => measuresTime === true)) found(attack);
});

function found(attack: Attack): void {
  it(`${attack.ids} ${attack.title}: found on a server with the hole`, circumstances(attack), async () => {
    await using target = await brokenTarget();
    await assert.rejects(attack.run(target), Vulnerable);
  });
}

function circumstances({ needs: wanted = [] }: Attack): { timeout: number; skip: string | false } {
  return { timeout: 60_000, skip: needs("linux", ...wanted) };
}
