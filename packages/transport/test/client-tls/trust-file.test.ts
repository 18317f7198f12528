import { fileTrustStore } from "@sallyport/transport";
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const folder = mkdtempSync(join(tmpdir(), "sallyport-trust-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = () => join(folder, `${++count}`, "known-servers");
const pin = (letter: string) => `sha256/${letter.repeat(43)}=`;

test("what is remembered is found again, by another store on the same file too", async () => {
  const path = newPath();
  const store = fileTrustStore(path);
  assert.equal(await store.find("a:21"), undefined);
  assert.equal(await store.forget("a:21"), false);
  await store.remember("a:21", pin("A"));
  await store.remember("a:990", pin("B"));
  await store.remember("a:21", pin("A"));
  const again = fileTrustStore(path);
  assert.equal(await again.find("a:21"), pin("A"));
  assert.deepEqual(
    (await again.entries()).map(({ server }) => server),
    ["a:21", "a:990"],
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(path, "..")), ["known-servers"], "neither lock nor temporary file stays");
});

test("R-TLS-41 another key of a known server is refused until the old one is forgotten", async () => {
  const store = fileTrustStore(newPath());
  await store.remember("a:21", pin("A"));
  await assert.rejects(store.remember("a:21", pin("B")), { code: "SALLYPORT_PIN_CHANGED" });
  assert.equal(await store.find("a:21"), pin("A"));
  assert.equal(await store.forget("a:21"), true);
  await store.remember("a:21", pin("B"));
  assert.equal(await store.find("a:21"), pin("B"));
});

test("a file that cannot be understood is no first use", async () => {
  const path = newPath();
  const store = fileTrustStore(path);
  await store.remember("a:21", pin("A"));
  const sound = readFileSync(path, "utf8");
  for (const text of ["{", "[]", "null", '{"server":"b:21"}', `{"server":"b:21","pin":"x","since":"2026-01-01"}`]) {
    writeFileSync(path, `${sound}\n${text}\n`);
    await assert.rejects(store.find("b:21"), { code: "SALLYPORT_TRUST_STORE_UNREADABLE", message: /line 3/ }, text);
    await assert.rejects(store.remember("b:21", pin("B")), { code: "SALLYPORT_TRUST_STORE_UNREADABLE" });
    assert.ok(readFileSync(path, "utf8").endsWith(`${text}\n`), "it is left as it was");
  }
  await assert.rejects(fileTrustStore(folder).find("a:21"), { code: "SALLYPORT_TRUST_STORE_UNREADABLE" });
});

test("a link to the file stays a link", async () => {
  const path = newPath();
  await fileTrustStore(path).remember("a:21", pin("A"));
  const link = `${path}-link`;
  symlinkSync(path, link);
  await fileTrustStore(link).remember("b:21", pin("B"));
  assert.equal(await fileTrustStore(path).find("b:21"), pin("B"));
});

test("several processes and stores remember at once and lose nothing", async () => {
  const path = newPath();
  const script = `
    import { fileTrustStore } from "@sallyport/transport";
    const [path, name] = process.argv.slice(-2);
    const store = fileTrustStore(path);
    await Promise.all(Array.from({ length: 10 }, (_, at) => store.remember(name + at, ${JSON.stringify(pin("C"))})));
  `;
  const run = promisify(execFile);
  const given = ["--conditions=source", "--input-type=module", "--eval", script, path];
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  await Promise.all(["x", "y", "z"].map((name) => run(process.execPath, [...given, name], { cwd, timeout: 30_000 })));
  assert.equal((await fileTrustStore(path).entries()).length, 30);
});

test("the lock of a process that has died is cleared away, that of a living one is waited for", async () => {
  const path = newPath();
  const store = fileTrustStore(path);
  await store.remember("a:21", pin("A"));
  const dead = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(dead, "exit");
  writeFileSync(`${path}.lock`, String(dead.pid));
  await store.remember("b:21", pin("B"));
  writeFileSync(`${path}.lock`, String(process.pid));
  const waiting = store.remember("c:21", pin("C"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await store.find("c:21"), undefined);
  rmSync(`${path}.lock`);
  await waiting;
  assert.equal(await store.find("c:21"), pin("C"));
});
