import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const provisionScript = fileURLToPath(new URL("../../scripts/provision.mjs", import.meta.url));

/** Stands in for npm: counts its calls and lays down what `npm ci` would, as far as provisioning looks at it. */
const fakeNpm = `#!/bin/sh
echo "$*" >> npm-calls
sleep 0.2
[ -e npm-breaks ] && { echo "npm error code ECONNREFUSED" >&2; exit 1; }
rm -rf node_modules
mkdir -p node_modules/.bin
echo "added 1 package"
[ -e no-node-for-us ] || : > node_modules/.bin/node
`;

const lock = (version: string): string =>
  JSON.stringify({ packages: { "": {}, "node_modules/a": { version, integrity: `sha512-${version}` } } });

interface Checkout extends AsyncDisposable {
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  provision(): Promise<{ code: number; stdout: string; stderr: string }>;
  npmCalls(): Promise<readonly string[]>;
}

async function checkout(): Promise<Checkout> {
  const root = await mkdtemp(join(tmpdir(), "sallyport-provision-"));
  await mkdir(join(root, "bin"));
  await mkdir(join(root, "scripts"));
  await cp(provisionScript, join(root, "scripts/provision.mjs"));
  await writeFile(join(root, "bin/npm"), fakeNpm);
  await chmod(join(root, "bin/npm"), 0o755);
  await writeFile(join(root, "package-lock.json"), lock("1.0.0"));
  const { npm_execpath: _, ...env } = process.env;
  return {
    write: (name, text) => writeFile(join(root, name), text),
    remove: (name) => rm(join(root, name)),
    provision: () =>
      new Promise((resolve) => {
        const child = execFile(
          process.execPath,
          [join(root, "scripts/provision.mjs")],
          { env: { ...env, PATH: `${root}/bin:/usr/bin:/bin` } },
          (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        );
      }),
    npmCalls: async () => (await readFile(join(root, "npm-calls"), "utf8").catch(() => "")).split("\n").filter(Boolean),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

test("installs once, says so on stderr alone, and again when the lock file changes", async () => {
  await using here = await checkout();
  const first = await here.provision();
  assert.equal(first.code, 0);
  assert.equal(first.stdout, "");
  assert.match(first.stderr, /installing the locked dependencies/);
  assert.deepEqual(await here.npmCalls(), ["ci --loglevel=error --ignore-scripts"]);
  assert.deepEqual(await here.provision(), { code: 0, stdout: "", stderr: "" });
  assert.equal((await here.npmCalls()).length, 1);
  await here.write("package-lock.json", lock("1.0.1"));
  await here.provision();
  assert.equal((await here.npmCalls()).length, 2);
});

test("two at once install once", async () => {
  await using here = await checkout();
  const both = await Promise.all([here.provision(), here.provision()]);
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
  );
  assert.equal((await here.npmCalls()).length, 1);
});

test("the turn of a run that was killed is taken over", async () => {
  await using here = await checkout();
  const idOfNobody = 2 ** 22 + 1;
  await here.write(".provisioning", `${idOfNobody} ${idOfNobody}`);
  assert.equal((await here.provision()).code, 0);
});

test("a failed install exits 69, says what to look at, and is tried again", async () => {
  await using here = await checkout();
  await here.write("npm-breaks", "");
  const failed = await here.provision();
  assert.equal(failed.code, 69);
  assert.match(
    failed.stderr,
    /ECONNREFUSED[\s\S]*npm could not install the dependencies \(exit 1\)\. Is the npm registry/,
  );
  await here.remove("npm-breaks");
  assert.equal((await here.provision()).code, 0);
  assert.equal((await here.npmCalls()).length, 2);
});

test("an install without a Node for this platform is not taken for whole", async () => {
  await using here = await checkout();
  await here.write("no-node-for-us", "");
  const failed = await here.provision();
  assert.equal(failed.code, 69);
  assert.match(failed.stderr, /npm left out the Node that belongs to/);
});

test("what a developer's own npm install brought is not installed again", async () => {
  await using here = await checkout();
  await here.provision();
  await here.write("package-lock.json", lock("2.0.0"));
  await here.write("node_modules/.package-lock.json", lock("2.0.0"));
  await here.provision();
  assert.equal((await here.npmCalls()).length, 1);
});
