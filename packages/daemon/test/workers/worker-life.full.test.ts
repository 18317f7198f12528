import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import type { ServiceSettings } from "@sallyport/daemon";
import { FtpDriver, makeTestIdentity, needs } from "@sallyport/testing";
import { makePlaces, RunningService } from "./running-service.ts";

const mebibyte = 1_048_576;

describe("life of a service with workers", { timeout: 300_000 }, () => {
  test("SIGTERM lets transfers in all workers end, dismisses the rest, and ends with 0", async () => {
    await using places = await makePlaces({ name: "slow", downloadBytesPerSecond: mebibyte });
    writeFileSync(join(places.root, "f"), Buffer.alloc(mebibyte));
    await using service = new RunningService(places, { graceMs: 10_000 });
    const [one, other, idle] = [
      await service.loggedIn("slow"),
      await service.loggedIn("slow"),
      await service.greeted(),
    ];
    assert.notEqual(await service.workerOf(one), await service.workerOf(other));
    const transfers = Promise.all([one.retrieve("RETR f"), other.retrieve("RETR f")]);
    await pause(300);
    const ended = service.stop("SIGTERM");
    assert.equal((await idle.reply()).code, 421);
    for (const { completion, octets } of await transfers) {
      assert.equal(completion?.code, 226);
      assert.equal(octets.length, mebibyte);
    }
    assert.equal(await ended, 0);
    assert.equal(service.events.at(-1)?.event, "service-stopped");
    assert.equal(service.events.filter(({ event }) => event === "transfer").length, 2);
    assert.equal(service.events.filter(({ event }) => event === "worker-ended").length, 0);
    assert.equal(existsSync(join(places.state, "server.pid")), false);
  });

  test("a second signal cuts transfers at once, and leaves no process and no server.pid", async () => {
    await using places = await makePlaces({ name: "slow", downloadBytesPerSecond: 65_536 });
    writeFileSync(join(places.root, "f"), Buffer.alloc(mebibyte));
    await using service = new RunningService(places, { graceMs: 60_000 });
    const driver = await service.loggedIn("slow");
    const cut = assert.rejects(driver.retrieve("RETR f"));
    await pause(300);
    const { workers } = service;
    service.child.kill("SIGTERM");
    await service.event("service-stopping");
    assert.equal(await service.stop("SIGTERM"), 143);
    await cut;
    for (let waits = 0; waits < 100 && workers.some((id) => existsSync(`/proc/${id}`)); waits++) await pause(20);
    assert.equal(
      workers.some((id) => existsSync(`/proc/${id}`)),
      false,
    );
    assert.equal(existsSync(join(places.state, "server.pid")), false);
  });

  test("signals to the whole group are the primary's affair", async () => {
    await using places = await makePlaces({ name: "slow", downloadBytesPerSecond: mebibyte });
    writeFileSync(join(places.root, "f"), Buffer.alloc(mebibyte));
    await using service = new RunningService(places, { graceMs: 10_000 });
    const driver = await service.loggedIn("slow");
    const group = service.child.pid ?? 0;
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const) process.kill(-group, signal);
    await service.event("service-reloaded");
    const transfer = driver.retrieve("RETR f");
    await pause(300);
    process.kill(-group, "SIGINT");
    assert.equal((await transfer).completion?.code, 226);
    if (service.child.exitCode === null) await once(service.child, "close");
    assert.equal(service.child.exitCode, 0);
  });

  test("SIGHUP gives all workers the new certificate, and connections that run keep theirs", async () => {
    await using places = await makePlaces();
    const identities = [identityFiles(places.state, "first")];
    await using service = new RunningService(places, { identities });
    const running = await service.loggedIn();
    identityFiles(places.state, "first", "second.test");
    service.child.kill("SIGHUP");
    await service.event("service-reloaded");
    const names = await Promise.all([0, 1, 2, 3].map(() => certificateName(service)));
    assert.deepEqual(new Set(names), new Set(["second.test"]));
    writeFileSync(join(places.root, "f"), "content");
    assert.equal((await running.retrieve("RETR f")).resumed, true);
  });

  test("a webhook's secret that cannot be read anew at SIGHUP leaves the certificate as it was", async () => {
    await using places = await makePlaces();
    const identities = [identityFiles(places.state, "kept")];
    const secretFile = join(places.state, "secret");
    writeFileSync(secretFile, "a secret that is long enough", { mode: 0o600 });
    const notify = { targets: ["http://127.0.0.1:9/"], events: ["published"], secretFile } as const;
    await using service = new RunningService(places, { identities, notify });
    assert.equal(await certificateName(service), "kept.test");
    identityFiles(places.state, "kept", "other.test");
    writeFileSync(secretFile, "short");
    service.child.kill("SIGHUP");
    await service.event("reload-failed");
    assert.equal(await certificateName(service), "kept.test");
  });

  for (const workersCount of [1, 2]) {
    test(
      `a key that root alone may read is read anew, and nothing else keeps root: ${workersCount} workers`,
      { skip: needs("root", "reachable-checkout") },
      async () => {
        await using places = await makePlaces();
        const secrets = join(places.state, "../secrets");
        mkdirSync(secrets, { mode: 0o700 });
        const changes: Partial<ServiceSettings> = {
          workersCount,
          runAs: "nobody",
          allowRoot: false,
          identities: [identityFiles(secrets, "live")],
        };
        await using service = new RunningService(places, changes);
        assert.equal(await certificateName(service), "live.test");
        const family = familyOf(service.child.pid ?? 0);
        const rooted = family.filter((id) => capabilitiesOf(id).some((capabilities) => capabilities !== "0"));
        assert.equal(rooted.length, 1, `${rooted.join(" ")} of ${family.join(" ")}`);
        assert.match(readFileSync(`/proc/${rooted[0]}/cmdline`, "latin1"), /^\/bin\/sh\0-c\0/);
        assert.equal(family.length, workersCount === 1 ? 2 : 4);

        identityFiles(secrets, "live", "renewed.test");
        service.child.kill("SIGHUP");
        await service.event("service-reloaded");
        const names = await Promise.all([0, 1, 2].map(() => certificateName(service)));
        assert.deepEqual(new Set(names), new Set(["renewed.test"]));

        if (workersCount > 1) {
          process.kill(service.workers[0] ?? 0, "SIGKILL");
          await service.event("worker-started", 2);
          assert.equal(await certificateName(service), "renewed.test");
          assert.deepEqual(new Set(capabilitiesOf(service.workers[0] ?? 0)), new Set(["0"]));
        }
        assert.equal(await service.stop(), 0);
        for (let waits = 0; waits < 100 && existsSync(`/proc/${rooted[0]}`); waits++) await pause(20);
        assert.equal(existsSync(`/proc/${rooted[0]}`), false);
      },
    );
  }

  test("passive ports are divided, and fewer of them than workers are refused in one sentence", async () => {
    await using places = await makePlaces();
    writeFileSync(join(places.root, "f"), "content");
    const first = 40_000 + (process.pid % 20_000);
    await using service = new RunningService(places, { passivePorts: { first, last: first + 5 } });
    const drivers = [await service.loggedIn(), await service.loggedIn()];
    const ports = new Set<number>();
    for (const driver of drivers) {
      const worker = await service.workerOf(driver);
      for (let count = 0; count < 4; count++) {
        const { text } = await driver.expect("EPSV", 229);
        const port = Number(/\|(\d+)\|/.exec(text)?.[1]);
        assert.equal(Math.floor((port - first) / 3), worker);
        ports.add(port);
      }
    }
    assert.ok(ports.size >= 2);
    await using narrow = new RunningService(places, { passivePorts: { first, last: first } });
    await assert.rejects(narrow.port(), /has fewer ports than there are workers \(2\)/);
  });
});

/** Writes a certificate for a name under a file name. */
function identityFiles(directory: string, file: string, name = `${file}.test`) {
  const { certificate, key } = makeTestIdentity({ names: [name] });
  const files = { certificateFile: join(directory, `${file}.crt`), keyFile: join(directory, `${file}.pem`) };
  writeFileSync(files.certificateFile, certificate);
  writeFileSync(files.keyFile, key);
  chmodSync(files.keyFile, 0o600);
  return files;
}

async function certificateName(service: RunningService): Promise<string | undefined> {
  const tls = { rejectUnauthorized: false };
  await using driver = await FtpDriver.connect(await service.port("implicit"), { tls });
  await driver.reply();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the connection is implicit
  return (driver.socket as TLSSocket).getPeerCertificate().subjectaltname?.replace("DNS:", "");
}

/** A process and all that descend from it. */
function familyOf(ancestor: number): number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const parent = /\nPPid:\t(\d+)/.exec(readFileSync(`/proc/${name}/status`, "latin1"))?.[1];
          return [[Number(name), Number(parent)] as const];
        } catch {
          return [];
        }
      }),
  );
  const family = [ancestor];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** Effective and permitted capabilities of each thread, in hex without leading zeros. */
function capabilitiesOf(id: number): string[] {
  return readdirSync(`/proc/${id}/task`).flatMap((thread) => {
    const status = readFileSync(`/proc/${id}/task/${thread}/status`, "latin1");
    return [...status.matchAll(/\nCap(?:Eff|Prm):\t0*([0-9a-f]+)/g)].map((found) => found[1] ?? "");
  });
}
