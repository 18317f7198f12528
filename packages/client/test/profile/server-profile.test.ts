import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { profileFile } from "../../src/profile/profile-file.ts";
import { factOf, serverFingerprint, learnFact, newProfile } from "../../src/profile/server-profile.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 22);

test("a greeting is the same whatever the clock, the counter and the machine say, and another with another version", () => {
  const pureFtpd = (users: number, time: string): string[] => [
    "---------- Welcome to Pure-FTPd [privsep] [TLS] ----------",
    `You are user number ${users} of 50 allowed.`,
    `Local time is now ${time}. Server port: 21.`,
    "This is a private system - No anonymous login",
  ];
  assert.equal(serverFingerprint(pureFtpd(1, "09:03")), serverFingerprint(pureFtpd(12, "17:45")));
  const pairs: ReadonlyArray<readonly [one: string, other: string, isSame: boolean]> = [
    ["(vsFTPd 3.0.3)", "(vsFTPd 3.0.5)", false],
    ["ProFTPD 1.3.8 Server (Debian) [::ffff:127.0.0.1]", "ProFTPD 1.3.8 Server (Debian) [::ffff:10.0.0.7]", true],
    ["ProFTPD 1.3.8 Server [192.0.2.1]", "ProFTPD 1.3.8b Server [192.0.2.1]", false],
    ["node-17.ftp.example.com ready", "node-4.ftp.example.com ready", true],
    ["ftp ready. Sun Nov 22 15:04:01 2026", "ftp ready. Mon Dec 1 01:14:59 2025", true],
    ["Microsoft FTP Service", "FileZilla Server 1.8.2", false],
    ["FileZilla Server 1.8.2", "FileZilla Server 1.10.0", false],
  ];
  for (const [one, other, isSame] of pairs) {
    assert.equal(serverFingerprint([one]) === serverFingerprint([other]), isSame, `${one} / ${other}`);
  }
  assert.equal(serverFingerprint(["x".repeat(100_000)]).length, 22);
});

test("facts have a value, evidence and an age, and are probed again when they are old", () => {
  let profile = learnFact(newProfile("g"), "listing", "MLSD", { evidence: "MLST in FEAT", nowMs: now });
  profile = learnFact(profile, "connectionsMax", 3, { evidence: "421 Too many connections", nowMs: now });
  assert.equal(factOf(profile, "listing", now + 29 * day), "MLSD");
  assert.equal(factOf(profile, "listing", now + 31 * day), undefined);
  assert.equal(factOf(profile, "connectionsMax", now + 2 * day), undefined);
  assert.equal(factOf(profile, "listing", now - 2 * day), undefined, "learned in the future");
  assert.equal(factOf(profile, "passive", now), undefined);
  assert.equal(factOf(undefined, "passive", now), undefined);
  const again = learnFact(profile, "listing", "MLSD", { evidence: "seen again", nowMs: now + day });
  assert.deepEqual(again.facts.listing, { value: "MLSD", evidence: "MLST in FEAT", learnedMs: now + day });
  assert.equal(learnFact(again, "listing", "LIST", { evidence: "500", nowMs: now }).facts.listing?.evidence, "500");
});

test("profiles are kept by server and greeting, and dropped when the greeting changes", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-profile-"));
  context.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "profiles.json");
  const store = profileFile(path);
  assert.equal(await store.find("h:21"), undefined);
  await store.learn("h:21", "g1", (profile) =>
    learnFact(profile, "passive", "PASV", { evidence: "500 EPSV", nowMs: now }),
  );
  await store.learn("h:21", "g1", (profile) =>
    learnFact(profile, "zone", ["UTC+01:00"], { evidence: "3 samples", nowMs: now }),
  );
  const found = await store.find("h:21");
  assert.equal(factOf(found, "passive", now), "PASV");
  assert.deepEqual(factOf(found, "zone", now), ["UTC+01:00"]);
  assert.equal(await store.find("h:22"), undefined);
  await store.learn("h:21", "g2", (profile) => {
    assert.deepEqual(profile, newProfile("g2"), "nothing is carried over");
    return learnFact(profile, "listing", "LIST", { evidence: "500", nowMs: now });
  });
  assert.equal(factOf(await store.find("h:21"), "passive", now), undefined);
  const kept = await readFile(path, "utf8");
  await writeFile(path, kept.replace('"value": "LIST"', '"value": "maybe"'));
  assert.deepEqual((await store.find("h:21"))?.facts, {}, "a fact of another form is learned again");
  assert.equal(await store.forget("h:21"), true);
  assert.equal(await store.forget("h:21"), false);
  await writeFile(path, "{}");
  await assert.rejects(store.find("h:21"), { code: "SALLYPORT_FILE_UNREADABLE" });
});
