import type { GssapiMechanism, GssapiOptions } from "@sallyport/gssapi";
import { startKdc } from "@sallyport/testing";
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fault, mechanismIn, pairOf, realmSkip } from "./realm.ts";

const name = "what is wrong with tickets, clocks, names and keys has a fault of its own";

test(name, { skip: realmSkip, timeout: 60_000 }, async (t) => {
  await using kdc = await startKdc();
  const inDirectory = (file: string): string => `${kdc.directory}/${file}`;
  await kdc.tickets("alice");
  const configuration = await readFile(kdc.configFile, "utf8");
  await writeFile(inDirectory("strict.conf"), configuration.replace("[libdefaults]", "[libdefaults]\n  clockskew = 2"));
  await writeFile(inDirectory("down.conf"), configuration.replace(/^ +kdc = .*/m, "    kdc = 127.0.0.1:1"));
  await using clients = mechanismIn(kdc);

  const opening = async (mechanism: GssapiMechanism, target = "ftp@localhost"): Promise<Uint8Array> => {
    await using context = await mechanism.initiate(target);
    const { token } = await context.step(undefined);
    assert.ok(token !== undefined);
    return token;
  };
  const openingWith = async (options: GssapiOptions): Promise<Uint8Array> => {
    await using mechanism = mechanismIn(kdc, options);
    return await opening(mechanism);
  };
  const acceptWith = async (options: GssapiOptions, token: Uint8Array): Promise<void> => {
    await using mechanism = mechanismIn(kdc, options);
    await using context = await mechanism.accept();
    await context.step(token);
  };

  // Both are too old for what comes last.
  const early = await opening(clients);
  const shortLived = inDirectory("bob.tickets");
  await using bob = mechanismIn(kdc, { credentialCache: shortLived, configFile: inDirectory("strict.conf") });
  await using servers = mechanismIn(kdc, { configFile: inDirectory("strict.conf") });
  // Their processes run by then, so that the little time of the ticket is for the exchange alone.
  await Promise.all([bob.initiate("ftp@localhost"), bob.accept(), servers.accept()]);
  await kdc.tickets("bob", { lifetime: "3s", file: shortLived });
  await using passing = await pairOf(bob, servers);
  const message = await passing.client.wrap(Buffer.from("x"), true);

  await t.test("R-GSS-02 a service that the KDC does not know", async () => {
    await assert.rejects(opening(clients, "nfs@localhost"), fault("unknown-principal"));
  });

  await t.test("no tickets, and no KDC to get them from", async () => {
    await assert.rejects(openingWith({ credentialCache: inDirectory("none") }), fault("no-credentials"));
    const fresh = await kdc.tickets("alice", { file: inDirectory("fresh") });
    const unreachable = { credentialCache: fresh, configFile: inDirectory("down.conf") };
    await assert.rejects(openingWith(unreachable), { fault: "unavailable", message: /Cannot contact any KDC/ });
  });

  await t.test(
    "a keytab of another service, one with a newer key, and one of a realm that is called the same",
    async () => {
      await kdc.administer("addprinc -randkey other/localhost");
      await kdc.administer(`ktadd -k ${inDirectory("other.keytab")} other/localhost`);
      const token = await opening(clients);
      const wrong = fault("wrong-key");
      await assert.rejects(acceptWith({ keytab: inDirectory("other.keytab") }, token), wrong);
      await writeFile(inDirectory("foreign.keytab"), withOtherKeys(await readFile(kdc.keytab)));
      await assert.rejects(acceptWith({ keytab: inDirectory("foreign.keytab") }, token), wrong);
      await kdc.administer(`ktadd -k ${inDirectory("newer.keytab")} ftp/localhost`);
      await assert.rejects(acceptWith({ keytab: inDirectory("newer.keytab") }, token), wrong);
    },
  );

  await t.test("tickets that are over, clocks that differ, contexts that have expired", async () => {
    const { expiresAtMs = 0 } = passing.clientFacts;
    const { expiresAtMs: serversEnd = 0 } = passing.serverFacts;
    await pause(Math.max(expiresAtMs, serversEnd) + 1_100 - Date.now());
    await assert.rejects(openingWith({ credentialCache: shortLived }), fault("credentials-expired"));
    const strict = { configFile: inDirectory("strict.conf") };
    await assert.rejects(acceptWith(strict, early), { fault: "clock-skew", message: "Clock skew too great" });
    await assert.rejects(passing.client.wrap(Buffer.from("x"), true), fault("context-expired"));
    await assert.rejects(passing.server.unwrap(message), fault("context-expired"));
  });
});

/** Changes each key of a keytab: its entries are lengths and octets, at whose end stand the key and its number. */
function withOtherKeys(keytab: Buffer): Buffer {
  const changed = Buffer.from(keytab);
  for (let at = 2; at < changed.length; at += 4 + changed.readInt32BE(at)) {
    const inKey = at + 4 + changed.readInt32BE(at) - 8;
    changed[inKey] = (changed[inKey] ?? 0) ^ 1;
  }
  return changed;
}
