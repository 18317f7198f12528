import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { hostMemoryFile } from "../../src/trust/host-memory-file.ts";
import {
  type RememberedHost,
  type SecurityObservation,
  downgradeOf,
  lastTlsMode,
  rememberSecurity,
} from "../../src/trust/host-memory.ts";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 22);

function after(...observations: readonly SecurityObservation[]): RememberedHost | undefined {
  return observations.reduce<RememberedHost | undefined>(
    (memory, observation) => rememberSecurity(memory, observation, now - 40 * day),
    undefined,
  );
}

test("S-03 a server that once offered TLS and does not now is an alarm", () => {
  const alarms: ReadonlyArray<readonly [SecurityObservation, SecurityObservation]> = [
    ["explicit-tls", "auth-refused"],
    ["explicit-tls", "plain-wanted"],
    ["implicit-tls", "implicit-clear"],
    ["implicit-tls", "plain-wanted"],
    ["protected-data", "data-refused"],
  ];
  for (const [once, now2] of alarms) {
    const error = downgradeOf("h:21", after(once), now2, now);
    assert.equal(error?.code, "SALLYPORT_TLS_DOWNGRADE", `${once} ${now2}`);
    assert.match(error?.message ?? "", /^h:21 .* on 2026-10-13, and .* now\./);
  }
});

test("S-03 nothing is lost where nothing was, or long ago, and other ways are no alarm", () => {
  const silent: ReadonlyArray<readonly [RememberedHost | undefined, SecurityObservation]> = [
    [undefined, "auth-refused"],
    [after("implicit-tls"), "auth-refused"],
    [after("explicit-tls"), "implicit-clear"],
    [after("explicit-tls"), "explicit-tls"],
    [after("explicit-tls"), "data-refused"],
    [{ explicitMs: now - 366 * day }, "auth-refused"],
  ];
  for (const [memory, observation] of silent) assert.equal(downgradeOf("h", memory, observation, now), undefined);
  assert.ok(downgradeOf("h", { explicitMs: now + day }, "auth-refused", now), "a clock that was wrong does not help");
});

test("refusals never wipe the memory, and the mode that worked last is known", () => {
  const memory = after("explicit-tls", "auth-refused", "implicit-clear", "data-refused", "plain-wanted");
  assert.deepEqual(memory, { explicitMs: now - 40 * day });
  assert.equal(lastTlsMode(memory, now), "explicit");
  assert.equal(lastTlsMode({ ...memory, implicitMs: now }, now), "implicit");
  assert.equal(lastTlsMode(undefined, now), undefined);
  assert.equal(lastTlsMode({ implicitMs: now - 366 * day }, now), undefined);
});

test("the memory is kept in a file of its owner, and read back", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-hosts-"));
  context.after(() => rm(folder, { recursive: true }));
  const path = join(folder, "hosts.json");
  const store = hostMemoryFile(path);
  await store.remember("h:21", "auth-refused", now);
  await assert.rejects(stat(path), { code: "ENOENT" }, "nothing to remember");
  await store.remember("h:21", "explicit-tls", now);
  const { mtimeMs, mode } = await stat(path);
  assert.equal(mode & 0o777, 0o600);
  await store.remember("h:21", "explicit-tls", now + day / 2);
  assert.equal((await stat(path)).mtimeMs, mtimeMs, "written once a day");
  await store.remember("h:21", "protected-data", now + day / 2);
  await store.remember("h:990", "implicit-tls", now);
  assert.deepEqual(await store.find("h:21"), { explicitMs: now, protectedDataMs: now + day / 2 });
  assert.equal(await store.forget("h:21"), true);
  assert.equal(await store.find("h:21"), undefined);
  assert.equal(await store.forget("h:21"), false);
  for (const wrong of ['[["h",{"explicitMs":"x"}]]', '[["h",{"other":1}]]', "[[1,{}]]", "{}"]) {
    await writeFile(path, wrong);
    await assert.rejects(store.find("h:21"), { code: "SALLYPORT_FILE_UNREADABLE" }, wrong);
  }
});
