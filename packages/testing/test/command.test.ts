import assert from "node:assert/strict";
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { nodeArguments, sallyportCommand } from "@sallyport/testing";

const resolver = new URL("./report-resolution.ts", import.meta.url);
const source = import.meta.resolve("@sallyport/protocol");

test("in a checkout packages resolve to their sources", () => {
  assert.match(source, /\/packages\/protocol\/src\/index\.ts$/);
});

test("workers inherit the source condition", async () => {
  const worker = new Worker(resolver);
  assert.deepEqual(await once(worker, "message"), [source]);
});

test("forked processes inherit the source condition", async () => {
  const child = fork(fileURLToPath(resolver));
  const [resolved] = (await once(child, "message")) as unknown[];
  assert.equal(resolved, source);
  child.disconnect();
});

test("other Node processes get it by nodeArguments", () => {
  const resolved = execFileSync(process.execPath, [...nodeArguments, fileURLToPath(resolver)], { encoding: "utf8" });
  assert.equal(resolved.trim(), source);
});

test("the launcher says the same as nodeArguments", () => {
  assert.ok(readFileSync(sallyportCommand, "utf8").includes(`/node" ${nodeArguments.join(" ")} `));
});
