import assert from "node:assert/strict";
import { test } from "node:test";

import type { Octets } from "@sallyport/protocol";
import { MemoryDirectory, readOnly, subtree, type WriteIntent } from "@sallyport/server/storage";
import { storageSteps } from "@sallyport/testing";

const { get, interrupt, kindOf, names, path, put } = storageSteps;

test("S-22 a read-only storage shows everything and changes nothing, whatever the verb", async () => {
  const open = new MemoryDirectory().forOwner("alice");
  await open.makeDirectory(path("/d"));
  await put(open, "/d/f", "content");
  await interrupt(open, "/part", "half");
  const closed = readOnly(open);
  assert.equal(await get(closed, "/d/f"), "content");
  assert.deepEqual(await names(closed), ["d", "part"]);
  assert.equal((await closed.stat(path("/d/f"))).sizeBytes, 7);
  const intents: WriteIntent[] = [
    { kind: "replace" },
    { kind: "append" },
    { kind: "create" },
    { kind: "resume", offset: 0 },
    { kind: "range", first: 0, last: 1 },
  ];
  const changes = [
    ...intents.flatMap((intent) => ["/d/f", "/new", "/part"].map((at) => () => closed.openWrite(path(at), intent))),
    () => closed.rename(path("/d/f"), path("/x")),
    () => closed.remove(path("/d/f")),
    () => closed.remove(path("/part")),
    () => closed.makeDirectory(path("/new")),
    () => closed.removeDirectory(path("/d")),
    async () => closed.setAttributes?.(path("/d/f"), { modifiedMs: 0 }),
    async () => closed.makeSymbolicLink?.(path("/l"), "d" as Octets),
    () => subtree(closed, path("/d")).remove(path("/f")),
  ];
  for (const change of changes) assert.equal(await kindOf(change), "read-only", change.toString());
  assert.equal(await closed.freeSpaceBytes?.(path("/")), 0);
  assert.equal(await get(open, "/d/f"), "content");
  assert.deepEqual(await names(open), ["d", "part"]);
});
