import assert from "node:assert/strict";
import test from "node:test";
import { importCircles } from "./circles.ts";
import { layerViolations } from "./layers.ts";
import { readFiles } from "./source-files.ts";

test("imports go downward only, and protocol knows neither Node nor a browser", () => {
  const files = readFiles("packages/*/src/**/*.ts", "packages/*/src/**/*.tsx");
  assert.ok(files.length > 100, "the sources were found");
  assert.deepEqual(layerViolations(files), []);
});

test("the layer check finds what it is there for", () => {
  const planted: ReadonlyArray<readonly [path: string, text: string]> = [
    ["packages/protocol/src/a.ts", 'import net from "node:net";'],
    ["packages/protocol/src/b.ts", "export const now = () => performance.now();"],
    ["packages/protocol/src/c.ts", 'import { connect } from "@sallyport/transport";'],
    ["packages/transport/src/d.ts", 'import {\n  type FtpServer,\n} from "@sallyport/server";'],
    ["packages/server/src/storage/e.ts", 'import { policy } from "../policy.ts";'],
    ["packages/server/src/storage/f.ts", 'export * from "../accounts/index.ts";'],
    ["packages/inspector/src/g.ts", 'const server = await import("@sallyport/server");'],
    ["packages/cli/src/h.ts", 'import "../../daemon/src/files.ts";'],
    ["packages/server/src/i.ts", 'import { needs } from "@sallyport/testing";'],
    ["packages/attic/src/j.ts", "export const old = true;"],
  ];
  const clean = {
    path: "packages/server/src/k.ts",
    text: 'import { limits } from "@sallyport/protocol"; // process.exit(1)',
  };
  const found = layerViolations([...planted.map(([path, text]) => ({ path, text })), clean]);
  assert.deepEqual(
    found.map((sentence) => sentence.split(":", 1)[0]),
    planted.map(([path]) => path),
  );
});

test("no import leads back to where it began", () => {
  assert.deepEqual(importCircles(readFiles("packages/*/src/**/*.ts", "packages/*/src/**/*.tsx")), []);
});

test("the search for circles finds one of types, and one of a file that is loaded late", () => {
  const file = (path: string, text: string) => ({ path, text });
  const found = importCircles([
    file("packages/a/src/one.ts", 'import type { Two } from "./inner/two.ts";'),
    file("packages/a/src/inner/two.ts", 'const three = () => import("../three.ts");'),
    file("packages/a/src/three.ts", 'export { one } from "./one.ts";'),
    file("packages/a/src/four.ts", 'import { one } from "./one.ts";'),
  ]);
  assert.deepEqual(found, [
    "packages/a/src/one.ts -> packages/a/src/inner/two.ts -> packages/a/src/three.ts -> packages/a/src/one.ts",
  ]);
});
