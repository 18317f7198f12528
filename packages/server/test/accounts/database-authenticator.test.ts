import assert from "node:assert/strict";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { type Authenticator, DatabaseAuthenticator, type LoginFacts, PasswordHasher } from "@sallyport/server/accounts";
import { shaCrypt } from "../../src/accounts/crypt/sha-crypt.ts";
import { facts, nowMs, room, timings } from "./authenticator-room.ts";
import { median } from "./mann-whitney.ts";

const fingerprint = "ab".repeat(32);

test("R-959-21 every reason to refuse looks the same", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({ name: "good", password: "secret" });
  await accounts.add({ name: "disabled", password: "secret", enabled: false });
  await accounts.add({ name: "expired", password: "secret", expiresMs: nowMs });
  await accounts.add({ name: "lasting", password: "secret", expiresMs: nowMs + 1 });
  await accounts.add({ name: "no-password" });
  const verdicts = async (user: string, password: string): Promise<string> =>
    JSON.stringify(await authenticator.authenticate(user, password, facts));
  for (const user of ["good", "disabled", "expired", "no-password", "unknown", "", "GOOD"]) {
    assert.equal(await verdicts(user, "wrong"), '{"kind":"refused"}', user);
    assert.equal(await verdicts(user, ""), '{"kind":"refused"}', user);
  }
  for (const user of ["no-password", "unknown", "GOOD"]) {
    assert.equal(await verdicts(user, "secret"), '{"kind":"refused"}', user);
  }
  // Only who knows the password makes the log say more.
  assert.equal(await verdicts("disabled", "secret"), '{"kind":"refused","reason":"the account is disabled"}');
  assert.equal(await verdicts("expired", "secret"), '{"kind":"refused","reason":"the account has expired"}');
  assert.match(await verdicts("lasting", "secret"), /"kind":"accepted"/);
  const verdict = await authenticator.authenticate("good", "secret", facts);
  assert.ok(verdict.kind === "accepted" && verdict.account.name === "good");
});

test("a changed, disabled or removed account counts from the next login on", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({ name: "a", password: "one" });
  assert.equal(await kindOf(authenticator, "a", "one"), "accepted");
  await accounts.setPassword("a", "two");
  assert.equal(await kindOf(authenticator, "a", "one"), "refused");
  assert.equal(await kindOf(authenticator, "a", "two"), "accepted");
  await accounts.change("a", { enabled: false });
  assert.equal(await kindOf(authenticator, "a", "two"), "refused");
  await accounts.change("a", { enabled: true });
  assert.equal(await kindOf(authenticator, "a", "two"), "accepted");
  await accounts.remove("a");
  assert.equal(await kindOf(authenticator, "a", "two"), "refused");
});

test("imported hashes become argon2id at the first good login, not at a bad one", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({ name: "old", passwordHash: shaCrypt("secret", "$6$abc") });
  assert.equal(await kindOf(authenticator, "old", "wrong"), "refused");
  await authenticator[Symbol.asyncDispose]();
  assert.match((await accounts.find("old"))?.passwordHash ?? "", /^\$6\$/);
  assert.equal(await kindOf(authenticator, "old", "secret"), "accepted");
  await authenticator[Symbol.asyncDispose]();
  assert.match((await accounts.find("old"))?.passwordHash ?? "", /^\$argon2id\$/);
  assert.equal(await kindOf(authenticator, "old", "secret"), "accepted");
  assert.equal(await kindOf(authenticator, "old", "wrong"), "refused");
});

test("imported hashes stay where the server is told to keep them", async (t) => {
  const { accounts, authenticator } = await room(t, { rehash: false });
  const passwordHash = shaCrypt("secret", "$5$abc");
  await accounts.add({ name: "old", passwordHash });
  assert.equal(await kindOf(authenticator, "old", "secret"), "accepted");
  await authenticator[Symbol.asyncDispose]();
  assert.equal((await accounts.find("old"))?.passwordHash, passwordHash);
});

test("R-TLS-40 a mapped certificate answers USER, by fingerprint, subject or alternative name", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({ name: "by-print", clientCertificates: [{ kind: "fingerprint", value: fingerprint }] });
  await accounts.add({ name: "by-subject", clientCertificates: [{ kind: "subject", value: "CN=press, O=Example" }] });
  await accounts.add({ name: "by-name", clientCertificates: [{ kind: "name", value: "Press@Example.org" }] });
  await accounts.add({ name: "other", password: "secret" });
  await accounts.add({
    name: "gone",
    enabled: false,
    clientCertificates: [{ kind: "fingerprint", value: fingerprint }],
  });
  const identify = async (user: string, withFacts: LoginFacts): Promise<string | undefined> =>
    (await authenticator.identify(user, withFacts))?.name;
  const shown = certificateFacts({ fingerprint, subject: "CN=x", alternativeNames: [] });
  assert.equal(await identify("by-print", shown), "by-print");
  assert.equal(await identify("by-print", facts), undefined, "without a certificate");
  assert.equal(await identify("by-print", certificateFacts({ fingerprint: "cd".repeat(32) })), undefined);
  assert.equal(await identify("by-subject", certificateFacts({ subject: "CN=press, O=Example" })), "by-subject");
  assert.equal(await identify("by-subject", certificateFacts({ subject: "CN=press, O=Exampl" })), undefined);
  assert.equal(
    await identify("by-name", certificateFacts({ alternativeNames: ["x", "press@example.org"] })),
    "by-name",
  );
  for (const user of ["other", "gone", "unknown", ""]) assert.equal(await identify(user, shown), undefined, user);
});

test("R-TLS-40 a certificate of somebody else refuses the right password; an unknown one does not", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({
    name: "holder",
    password: "secret",
    clientCertificates: [{ kind: "fingerprint", value: fingerprint }],
  });
  await accounts.add({ name: "other", password: "secret" });
  await accounts.add({ name: "careless", password: "secret", clientCertificate: "off" });
  const shown = certificateFacts({ fingerprint });
  assert.equal(await kindOf(authenticator, "holder", "secret", shown), "accepted");
  assert.equal(await kindOf(authenticator, "holder", "secret"), "accepted", "the password alone is enough, too");
  assert.equal(await kindOf(authenticator, "other", "secret", shown), "refused");
  assert.equal(await kindOf(authenticator, "careless", "secret", shown), "accepted");
  assert.equal(
    await kindOf(authenticator, "other", "secret", certificateFacts({ fingerprint: "cd".repeat(32) })),
    "accepted",
  );
});

test("R-TLS-40 where a certificate is required, neither it nor the password is enough alone", async (t) => {
  const { accounts, authenticator } = await room(t);
  const clientCertificates = [{ kind: "fingerprint", value: fingerprint }] as const;
  await accounts.add({ name: "both", password: "secret", clientCertificate: "required", clientCertificates });
  const shown = certificateFacts({ fingerprint });
  assert.equal(await authenticator.identify("both", shown), undefined);
  assert.equal(await kindOf(authenticator, "both", "secret"), "refused");
  assert.equal(
    await kindOf(authenticator, "both", "secret", certificateFacts({ fingerprint: "cd".repeat(32) })),
    "refused",
  );
  assert.equal(await kindOf(authenticator, "both", "wrong", shown), "refused");
  assert.equal(await kindOf(authenticator, "both", "secret", shown), "accepted");
});

test("a full queue is unavailable, not a wrong password", async (t) => {
  const { accounts, authenticator } = await room(t, {}, { concurrency: 1, limits: { passwordQueueCount: 0 } });
  await accounts.add({ name: "a", password: "secret" });
  const kinds = await Promise.all([kindOf(authenticator, "a", "secret"), kindOf(authenticator, "a", "secret")]);
  assert.deepEqual(kinds, ["accepted", "unavailable"]);
});

test("S-12 names without an account are spread over the schemes in use, each name always alike", async (t) => {
  const { accounts } = await room(t);
  const hashes = [hashSync("x", 4), shaCrypt("x", "$6$a"), shaCrypt("x", "$5$a")];
  await accounts.import(hashes.map((passwordHash, index) => ({ name: `n${index}`, passwordHash })));
  await accounts.add({ name: "no-password" });
  const counts = new Map<string, number>();
  for (let index = 0; index < 300; index++) {
    const decoy = (await accounts.decoyHash(`unknown ${index}`)) ?? "none";
    assert.equal(await accounts.decoyHash(`unknown ${index}`), decoy);
    counts.set(decoy, (counts.get(decoy) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].toSorted(), hashes.toSorted());
  for (const [hash, count] of counts) assert.ok(count > 40, `${hash} was drawn ${count} times of 300`);
});

test("S-12 a hash that became unusable costs as much as any other", async (t) => {
  const { accounts } = await room(t);
  await accounts.add({ name: "a", passwordHash: shaCrypt("secret", "$6$rounds=20000$abc") });
  await using hasher = new PasswordHasher({ limits: { shaCryptRoundsCount: 10_000 } });
  await using authenticator = new DatabaseAuthenticator({ accounts, hasher });
  const startedMs = performance.now();
  assert.equal(await kindOf(authenticator, "a", "secret"), "refused");
  assert.ok(performance.now() - startedMs > 5, "nothing was hashed");
});

test("S-12 unknown names take as long as known ones, coarsely", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({ name: "known", password: "secret" });
  await accounts.add({ name: "disabled", password: "secret", enabled: false });
  const [known, disabled, unknown] = await timings(authenticator, ["known", "disabled", "unknown"], 15);
  for (const [name, other] of [
    ["disabled", disabled],
    ["unknown", unknown],
  ] as const) {
    const ratio = median(other) / median(known);
    assert.ok(ratio > 0.6 && ratio < 1.7, `${name} took ${ratio.toFixed(2)} times as long as a known name`);
  }
});

async function kindOf(by: Authenticator, user: string, password: string, withFacts = facts): Promise<string> {
  return (await by.authenticate(user, password, withFacts)).kind;
}

test("a Kerberos principal opens the accounts that it may have, unless they refuse it; some open by nothing else", async (t) => {
  const { accounts, authenticator } = await room(t);
  await accounts.add({ name: "usual", password: "secret" });
  await accounts.add({ name: "refuses", password: "secret", gssapi: "off" });
  await accounts.add({ name: "strict", password: "secret", gssapi: "required" });
  await accounts.add({ name: "disabled", enabled: false });
  await accounts.add({ name: "both", password: "secret", clientCertificate: "required" });
  const accountNames = ["usual", "refuses", "strict", "disabled", "both", "unknown"];
  const shown = { ...facts, principal: { name: "usual@EXAMPLE.ORG", accountNames } };
  const names = [];
  for (const name of [...accountNames, "other"]) names.push((await authenticator.identify(name, shown))?.name);
  assert.deepEqual(names, ["usual", undefined, "strict", undefined, undefined, undefined, undefined]);
  await accounts.change("both", { gssapi: "login" });
  assert.ok(await authenticator.identify("both", shown));
  assert.equal(await authenticator.identify("usual", facts), undefined, "without a ticket");
  assert.equal((await authenticator.authenticate("refuses", "secret", facts)).kind, "accepted");
  assert.deepEqual(await authenticator.authenticate("strict", "secret", facts), {
    kind: "refused",
    reason: "the account needs Kerberos",
  });
  await accounts.change("strict", { clientCertificates: [{ kind: "subject", value: "CN=strict" }] });
  assert.equal(await authenticator.identify("strict", certificateFacts({ subject: "CN=strict" })), undefined);
  const account = await authenticator.identify("usual", shown);
  assert.ok(account);
  const past = { user: "usual", account, method: "kerberos", sinceMs: Date.now() + 1 } as const;
  assert.equal((await authenticator.review({ ...past, facts: shown }))?.kind, "stays");
  await accounts.change("usual", { gssapi: "off" });
  assert.deepEqual(await authenticator.review({ ...past, facts: shown }), {
    kind: "ended",
    reason: "the Kerberos principal is the account's no longer",
  });
  await accounts.change("usual", { gssapi: "required" });
  assert.deepEqual(await authenticator.review({ ...past, method: "password", facts }), {
    kind: "ended",
    reason: "the account needs Kerberos",
  });
});

function certificateFacts(certificate: Partial<NonNullable<LoginFacts["clientCertificate"]>>): LoginFacts {
  const absent = { fingerprint: "00".repeat(32), subject: "CN=nobody", alternativeNames: [] };
  return { ...facts, clientCertificate: { ...absent, ...certificate } };
}
