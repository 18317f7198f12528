import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { readFiles, repository } from "./source-files.ts";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repository, path), "utf8"));
}

function locked(): ReadonlyArray<readonly [path: string, entry: LockedPackage]> {
  const lock = readJson("package-lock.json") as { packages: Record<string, LockedPackage> };
  return Object.entries(lock.packages).filter(([path]) => path.includes("node_modules/"));
}

test("the lock file pins every package by its content and names no registry", () => {
  const entries = locked().filter(([, entry]) => entry.link !== true);
  assert.ok(entries.length > 50);
  assert.deepEqual(
    entries.filter(([, entry]) => entry.integrity === undefined),
    [],
  );
  assert.deepEqual(
    entries.filter(([, entry]) => entry.resolved?.includes("://")),
    [],
  );
});

test("no dependency runs a script when it is installed", () => {
  assert.deepEqual(
    locked().filter(([, entry]) => entry.hasInstallScript === true),
    [],
  );
});

test("all platforms get the same Node", () => {
  const versions = locked()
    .filter(([path]) => /node_modules\/node-(?:bin-)?(?:linux|darwin|win)-/.test(path))
    .map(([, entry]) => entry.version);
  assert.equal(versions.length, 5);
  assert.equal(new Set(versions).size, 1);
});

test("published packages carry nothing of the workspace", () => {
  const manifests = globSync("packages/*/package.json", { cwd: repository });
  assert.ok(manifests.length >= 7);
  for (const file of manifests) {
    const manifest = readJson(file) as Record<string, unknown>;
    assert.equal(manifest["license"], "MIT", file);
    assert.ok(manifest["engines"], `${file}: says which Node it runs on`);
    assert.equal(manifest["scripts"], undefined, `${file}: scripts belong to the root`);
    assert.equal(manifest["devDependencies"], undefined, `${file}: development dependencies belong to the root`);
  }
});

test("no file names a path of one machine", () => {
  const machinePath = /(?:^|[^\w.$}/-])\/(?:wor[k]|farm|Users\/\w+|hom[e]\/\w+|roo[t])\//m;
  const texts = readFiles(
    "{packages,test,scripts,bench,docs,.ci}/**/*.{ts,tsx,mjs,js,json,sh,md,txt}",
    "*.{md,json}",
    "sallyport",
    ".ci/run",
  );
  assert.ok(texts.length > 100);
  assert.deepEqual(
    texts.filter(({ text }) => machinePath.test(text)).map(({ path }) => path),
    [],
  );
});
