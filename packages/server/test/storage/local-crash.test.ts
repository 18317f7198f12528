import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { storageSteps } from "@sallyport/testing";

import { serve, temporaryDirectory, treeOf } from "./temporary-directory.ts";

const { get, interrupt, names, path: virtual, put } = storageSteps;

type Activity = "append" | "continue" | "upload" | "publish";

/** Lets another process be at work for a while and kills it without warning. */
async function killAtWork(context: TestContext, activity: Activity, root: string, workMs: number): Promise<void> {
  const script = fileURLToPath(import.meta.resolve("./uploading-process.ts"));
  const child = spawn(process.execPath, ["--conditions=source", script, activity, root], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, workMs));
  child.kill("SIGKILL");
  const [, signal] = await exited;
  assert.equal(signal, "SIGKILL");
}

/** What lies in the reserved directory besides directories. */
function leftOver(root: string): string[] {
  return Object.entries(treeOf(path.join(root, ".sallyport")))
    .filter(([, content]) => content !== "directory")
    .map(([at]) => at);
}

test("after kill -9 in an append the next start cuts the file back", { timeout: 60_000 }, async (context) => {
  const root = temporaryDirectory(context);
  const log = path.join(root, "log");
  fs.writeFileSync(log, "whole");
  fs.utimesSync(log, 1000, 2000);
  await killAtWork(context, "append", root, 20);
  assert(fs.statSync(log).size > 5, "the killed process must have been at work");
  const storage = (await serve(context, root)).forOwner("alice");
  assert.equal(await get(storage, "/log"), "whole");
  assert.equal(fs.statSync(log).mtimeMs, 2_000_000);
  assert.deepEqual(leftOver(root), []);
});

test(
  "after kill -9 in an append a server that runs on cuts the file back before the next append",
  { timeout: 60_000 },
  async (context) => {
    const root = temporaryDirectory(context);
    fs.writeFileSync(path.join(root, "log"), "whole");
    const storage = (await serve(context, root)).forOwner("bob");
    await killAtWork(context, "append", root, 20);
    await put(storage, "/log", "+more", { kind: "append" });
    assert.equal(await get(storage, "/log"), "whole+more");
  },
);

test(
  "after kill -9 in an append a file that was replaced since is left alone",
  { timeout: 60_000 },
  async (context) => {
    const root = temporaryDirectory(context);
    const log = path.join(root, "log");
    fs.writeFileSync(log, "whole");
    await killAtWork(context, "append", root, 20);
    fs.writeFileSync(`${log}.new`, "something else, and longer than what was there");
    fs.renameSync(`${log}.new`, log);
    const storage = (await serve(context, root)).forOwner("alice");
    assert.equal(await get(storage, "/log"), "something else, and longer than what was there");
    assert.deepEqual(leftOver(root), []);
  },
);

test(
  "after kill -9 in a continued upload the interrupted upload is what it was",
  { timeout: 60_000 },
  async (context) => {
    const root = temporaryDirectory(context);
    const storage = (await serve(context, root)).forOwner("alice");
    await interrupt(storage, "/part", "half");
    await killAtWork(context, "continue", root, 20);
    const again = (await serve(context, root)).forOwner("alice");
    assert.equal((await again.stat(virtual("/part"))).sizeBytes, 4);
    await put(again, "/part", "+rest", { kind: "append" });
    assert.equal(await get(again, "/part"), "half+rest");
    assert.deepEqual(leftOver(root), []);
  },
);

test("after kill -9 in an upload of a new name there is nothing", { timeout: 60_000 }, async (context) => {
  const root = temporaryDirectory(context);
  await killAtWork(context, "upload", root, 20);
  assert.notDeepEqual(leftOver(root), []);
  const storage = (await serve(context, root)).forOwner("alice");
  assert.deepEqual(await names(storage), []);
  assert.deepEqual(leftOver(root), []);
  await put(storage, "/new", "x", { kind: "create" });
});

test("S-32 kill -9 at any moment leaves the old file or the new one, whole", { timeout: 120_000 }, async (context) => {
  const root = temporaryDirectory(context);
  const seen = new Set<string>();
  for (let round = 0; round < 8; round++) {
    await killAtWork(context, "publish", root, 5 + round * 7);
    const storage = (await serve(context, root)).forOwner("alice");
    const content = await get(storage, "/file");
    assert.match(content, /^(?:a+|b+)$/, "of one letter");
    assert([300_000, 400_000, 250_000].includes(content.length), `${content.length} octets`);
    assert.deepEqual(leftOver(root), []);
    seen.add(`${content[0]}${content.length}`);
  }
  context.diagnostic(`found ${[...seen].toSorted().join(", ")}`);
});
