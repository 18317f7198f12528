import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";

import type { WriteIntent } from "@sallyport/server/storage";
import { storageSteps } from "@sallyport/testing";

import { serve, temporaryDirectory } from "./temporary-directory.ts";

const { entries, kindOf, names, path: virtual } = storageSteps;

const intents: WriteIntent[] = [
  { kind: "replace" },
  { kind: "append" },
  { kind: "resume", offset: 0 },
  { kind: "range", first: 0, last: 1 },
];

for (const confinement of ["descriptors", "paths"] as const) {
  test(
    `FIFOs, sockets and devices are listed and removed but never opened (${confinement})`,
    { timeout: 10_000 },
    async (context) => {
      const root = temporaryDirectory(context);
      const storage = (await serve(context, root, { confinement })).forOwner("alice");
      execFileSync("mkfifo", [path.join(root, "fifo")]);
      const listening = net.createServer().listen(path.join(root, "socket"));
      await new Promise((resolve) => listening.once("listening", resolve));
      context.after(() => new Promise((resolve) => listening.close(resolve)));
      const special = ["fifo", "socket"];
      if (makesDevices(path.join(root, "device"))) special.push("device");
      else context.diagnostic("devices are left out: mknod is not permitted");

      for (const name of special) {
        assert.equal((await storage.stat(virtual(`/${name}`))).type, "other", name);
        assert.equal(await kindOf(storage.openRead(virtual(`/${name}`))), "denied", name);
        for (const intent of intents)
          assert.equal(await kindOf(storage.openWrite(virtual(`/${name}`), intent)), "denied", name);
        assert.equal(
          await kindOf(async () => storage.setAttributes?.(virtual(`/${name}`), { mode: 0o600 })),
          "denied",
          name,
        );
      }
      assert.deepEqual(
        (await entries(storage)).map((entry) => [entry.name, entry.type, entry.sizeBytes]).toSorted(),
        special.map((name) => [name, "other", 0]).toSorted(),
      );
      for (const name of special.filter((other) => other !== "socket")) await storage.remove(virtual(`/${name}`));
      assert.deepEqual(await names(storage), ["socket"]);
    },
  );
}

test("whoever waits on the other side of a FIFO is not woken by a look at it", { timeout: 10_000 }, async (context) => {
  const root = temporaryDirectory(context);
  const storage = (await serve(context, root)).forOwner("alice");
  execFileSync("mkfifo", [path.join(root, "fifo")]);
  let woken = false;
  const writer = fs.promises.open(path.join(root, "fifo"), "w").then(async (handle) => {
    woken = true;
    await handle.close();
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await kindOf(storage.openRead(virtual("/fifo")));
  await kindOf(storage.stat(virtual("/fifo"), { followLinks: true }));
  await entries(storage);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(woken, false);
  fs.closeSync(fs.openSync(path.join(root, "fifo"), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK));
  await writer;
});

function makesDevices(at: string): boolean {
  try {
    execFileSync("mknod", [at, "c", "1", "7"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
