import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";

import {
  isVirtualPath,
  type Octets,
  octetsFromText,
  resolvePath,
  rootPath,
  type VirtualPath,
} from "@sallyport/protocol";
import type { LocalDirectoryOptions, Storage } from "@sallyport/server/storage";
import { storageSteps } from "@sallyport/testing";

import { serve, temporaryDirectory, treeOf } from "./temporary-directory.ts";

const { ascii, entries, fill, get, kindOf, path: virtual } = storageSteps;

interface Yard {
  readonly storage: Storage;
  readonly root: string;
  /** What must never be read. */
  readonly outside: string;
  /** Fails where anything outside has changed. */
  assertUntouched(): void;
}

async function makeYard(context: TestContext, options: LocalDirectoryOptions = {}): Promise<Yard> {
  const yard = temporaryDirectory(context);
  const [root, outside] = [path.join(yard, "root"), path.join(yard, "outside")];
  fs.mkdirSync(path.join(root, "docs"), { recursive: true });
  fs.mkdirSync(path.join(outside, "directory"), { recursive: true });
  fs.writeFileSync(path.join(root, "docs/inside"), "inside");
  fs.writeFileSync(path.join(outside, "secret"), "secret");
  fs.writeFileSync(path.join(outside, "directory/inside"), "secret");
  const before = treeOf(outside);
  return {
    root,
    outside,
    storage: (await serve(context, root, options)).forOwner("alice"),
    assertUntouched: () => assert.deepEqual(treeOf(outside), before),
  };
}

/** Every operation on one path, none of which may read or change anything outside. */
async function tryEverything(storage: Storage, at: VirtualPath): Promise<void> {
  const inside = virtual("/docs/inside");
  const attempts: (() => Promise<unknown>)[] = [
    async () => assert.notEqual(await get(storage, at), "secret"),
    () => storage.stat(at, { followLinks: true }),
    async () => {
      for (const entry of await entries(storage, at)) assert(!["secret", "passwd"].includes(entry.name), entry.name);
    },
    async () => (await fill(storage, at, ascii("written"), { kind: "replace" })).publish(),
    async () => (await fill(storage, at, ascii("written"), { kind: "append" })).publish(),
    async () => (await fill(storage, at, ascii("written"), { kind: "create" })).publish(),
    async () => (await fill(storage, at, ascii("w"), { kind: "resume", offset: 0 })).abandon({ keep: true }),
    async () => storage.setAttributes?.(at, { mode: 0o600, modifiedMs: 1 }),
    () => storage.rename(inside, at),
    () => storage.rename(at, virtual("/docs/stolen")),
    () => storage.makeDirectory(at),
    async () => storage.makeSymbolicLink?.(at, "docs" as Octets),
    () => storage.removeDirectory(at),
    () => storage.remove(at),
  ];
  for (const attempt of attempts) {
    try {
      await attempt();
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
  }
}

const traversals = [
  "..",
  "../..",
  "../../outside/secret",
  "docs/../../outside/secret",
  "/../outside/secret",
  "..\\outside\\secret",
  "..\\..\\outside",
  "%2e%2e/outside/secret",
  "%2e%2e%2foutside",
  "....//outside/secret",
  "..././outside/secret",
  "..;/outside/secret",
  "\xc0\xae\xc0\xae/outside/secret",
  "\xc0\xae\xc0\xae\xc0\xafoutside",
  "\xe0\x80\xae\xe0\x80\xae/outside",
  "/proc/self/root/etc/passwd",
  "/proc/self/fd/3/passwd",
  "/etc/passwd",
  "C:\\outside",
  "C:/outside/secret",
  "//server/share",
  "\\\\server\\share",
  "docs/inside:stream",
  "docs/inside::$DATA",
  "docs.",
  "docs. ",
  "../outside. /secret",
  "~/secret",
  "~root",
  "/./../.././outside/secret",
  "docs/./../../outside/secret",
  "-",
  "|cat",
];

test("S-19 no spelling of a path leads out", async (context) => {
  const { storage, outside, assertUntouched } = await makeYard(context);
  for (const pathname of [...traversals, outside, `${outside}/secret`, `/..${outside}/secret`]) {
    for (const workingDirectory of [rootPath, virtual("/docs")]) {
      const resolved = resolvePath(workingDirectory, octetsFromText(pathname));
      if (isVirtualPath(resolved)) await tryEverything(storage, resolved);
    }
    assertUntouched();
  }
});

test("S-19 not even a path that was never checked leads out", async (context) => {
  const { storage, assertUntouched } = await makeYard(context);
  const unchecked = [
    "/../outside/secret",
    "/docs/../../outside/secret",
    "/..",
    "/./../outside",
    "//../outside/secret",
    "/a\0b",
  ];
  for (const at of unchecked) {
    await tryEverything(storage, virtual(at));
    assert.notEqual(await kindOf(storage.openRead(virtual(at))), "done", at);
    assertUntouched();
  }
});

for (const confinement of ["descriptors", "paths"] as const) {
  test(`S-21 links that lead out are refused, wherever they stand (${confinement})`, async (context) => {
    const { storage, root, outside, assertUntouched } = await makeYard(context, { confinement });
    const targets = [
      "/",
      "/etc",
      "/proc/self/root",
      "..",
      "../outside",
      "docs/../../outside",
      outside,
      `${root}/../outside`,
    ];
    for (const target of targets) {
      fs.symlinkSync(target, path.join(root, "l"));
      fs.symlinkSync("l", path.join(root, "to-l"));
      fs.symlinkSync("../l", path.join(root, "docs/up"));
      for (const link of ["/l", "/to-l", "/docs/up"]) {
        for (const below of ["", "/secret", "/directory/inside", "/passwd", "/new", "/../outside/secret"]) {
          await tryEverythingThrough(storage, virtual(link + below), target);
        }
        assert.equal(await kindOf(entries(storage, link)), "not-found", `${link} -> ${target}`);
      }
      assertUntouched();
      for (const link of ["l", "to-l", "docs/up"]) fs.rmSync(path.join(root, link), { force: true });
      fs.rmSync(path.join(root, "docs"), { recursive: true });
      fs.mkdirSync(path.join(root, "docs"));
      fs.writeFileSync(path.join(root, "docs/inside"), "inside");
    }
  });
}

/** As {@link tryEverything}, but what removes or renames the link itself may succeed and is left out. */
async function tryEverythingThrough(storage: Storage, at: VirtualPath, target: string): Promise<void> {
  const intents = [{ kind: "replace" }, { kind: "append" }, { kind: "create" }, { kind: "resume", offset: 0 }] as const;
  const label = `${at} -> ${target}`;
  assert.equal(await kindOf(storage.openRead(at)), "not-found", label);
  assert.equal(await kindOf(storage.stat(at, { followLinks: true })), "not-found", label);
  for (const intent of intents) assert.equal(await kindOf(storage.openWrite(at, intent)), "not-found", label);
  assert.equal(await kindOf(async () => storage.setAttributes?.(at, { mode: 0o600 })), "not-found", label);
}

test("S-21 with the policy refuse no link is followed at all", async (context) => {
  const { storage, root } = await makeYard(context, { links: "refuse" });
  fs.symlinkSync("docs", path.join(root, "l"));
  assert.equal((await storage.stat(virtual("/l"))).type, "symbolic-link");
  assert.equal(await kindOf(storage.openRead(virtual("/l/inside"))), "denied");
  assert.equal(await kindOf(entries(storage, "/l")), "denied");
  assert.equal(await get(storage, "/docs/inside"), "inside");
});

/** Swaps a name for a link that leads out and back, as fast as it can, until told to stop. */
const swapper = `
  const fs = require("node:fs");
  const { workerData: { name, target, aside, stop } } = require("node:worker_threads");
  const flag = new Int32Array(stop);
  fs.symlinkSync(target, aside + "/trap");
  while (Atomics.load(flag, 0) === 0) {
    fs.renameSync(name, aside + "/away");
    fs.renameSync(aside + "/trap", name);
    fs.renameSync(name, aside + "/trap");
    fs.renameSync(aside + "/away", name);
  }
`;

/** What is swapped, and for a link to what. */
const swaps = { directory: ["docs", "directory"], file: ["docs/inside", "secret"] } as const;

async function whileSwapping(
  yard: Yard,
  what: keyof typeof swaps,
  attack: () => Promise<boolean>,
  durationMs: number,
): Promise<number> {
  const stop = new SharedArrayBuffer(4);
  const aside = path.join(path.dirname(yard.root), "aside");
  fs.mkdirSync(aside);
  const [name, target] = swaps[what];
  const workerData = { name: path.join(yard.root, name), target: path.join(yard.outside, target), aside, stop };
  const worker = new Worker(swapper, { eval: true, workerData });
  const ended = new Promise((resolve, reject) => worker.once("exit", resolve).once("error", reject));
  const endMs = performance.now() + durationMs;
  let attempts = 0;
  try {
    for (; performance.now() < endMs; attempts++) if (await attack()) break;
  } finally {
    Atomics.store(new Int32Array(stop), 0, 1);
    await ended;
  }
  return attempts;
}

const raceMs = 1500;

test(
  "S-21 the swapped directory does deceive a server that checks and then opens",
  { timeout: 30_000 },
  async (context) => {
    const yard = await makeYard(context);
    let escaped = false;
    const naive = async (): Promise<boolean> => {
      const at = path.join(yard.root, "docs/inside");
      try {
        if (!fs.realpathSync(at).startsWith(`${yard.root}/`)) return false;
        escaped = fs.readFileSync(at, "utf8") === "secret";
      } catch {
        // The name is missing for a moment.
      }
      return escaped;
    };
    await whileSwapping(yard, "directory", naive, 10 * raceMs);
    assert(escaped, "the attack must work on a server with the hole, or the next test shows nothing");
  },
);

const races = (["synchronous", "asynchronous"] as const).flatMap((calls) =>
  (["directory", "file"] as const).map((what) => ({ calls, what })),
);

for (const { calls, what } of races) {
  test(`S-21 a ${what} swapped for a link leads nowhere (${calls} calls)`, { timeout: 30_000 }, async (context) => {
    const yard = await makeYard(context, { calls });
    const { storage } = yard;
    let number = 0;
    const results = new Map<string, number>();
    const attack = async (): Promise<boolean> => {
      number++;
      const operations: (() => Promise<unknown>)[] = [
        async () => assert.equal(await get(storage, "/docs/inside"), "inside"),
        async () => (await fill(storage, `/docs/f${number}`, ascii("x"), { kind: "replace" })).publish(),
        async () => (await fill(storage, "/docs/inside", ascii("x"), { kind: "append" })).abandon({ keep: false }),
        async () => (await fill(storage, `/docs/p${number}`, ascii("x"), { kind: "replace" })).abandon({ keep: true }),
        async () => storage.setAttributes?.(virtual("/docs/inside"), { mode: 0o600 }),
        async () =>
          (await fill(storage, "/docs/inside", ascii("x"), { kind: "resume", offset: 1 })).abandon({ keep: false }),
        () => storage.makeDirectory(virtual(`/docs/d${number}`)),
        () => storage.rename(virtual(`/docs/f${number}`), virtual(`/docs/g${number}`)),
        () => storage.remove(virtual(`/docs/g${number}`)),
        () => storage.removeDirectory(virtual(`/docs/d${number}`)),
        async () =>
          assert.equal(
            (await entries(storage, "/docs")).find((entry) => entry.name === "secret"),
            undefined,
          ),
      ];
      for (const operation of operations) {
        const kind = await kindOf(operation());
        results.set(kind, (results.get(kind) ?? 0) + 1);
      }
      return false;
    };
    await whileSwapping(yard, what, attack, raceMs);
    yard.assertUntouched();
    context.diagnostic(`answers: ${JSON.stringify(Object.fromEntries(results))}`);
    assert((results.get("done") ?? 0) > 0, "some must have met the directory");
    assert((results.get("not-found") ?? 0) > 0, "some must have met the link or nothing");
  });
}

test("S-21 a directory that is moved out while it is in use takes nothing of what follows with it", async (context) => {
  const { storage, root, outside } = await makeYard(context);
  const listing = storage.list(virtual("/docs"))[Symbol.asyncIterator]();
  await listing.next();
  fs.renameSync(path.join(root, "docs"), path.join(outside, "docs"));
  fs.symlinkSync(path.join(outside, "docs"), path.join(root, "docs"));
  assert.equal(await kindOf(storage.openRead(virtual("/docs/inside"))), "not-found");
  assert.equal(await kindOf(storage.openWrite(virtual("/docs/f"), { kind: "replace" })), "not-found");
  await listing.return?.();
});

test("S-21 an upload is not published into a directory that was moved out meanwhile", async (context) => {
  const { storage, root, outside } = await makeYard(context);
  const uploads = [
    await fill(storage, "/docs/new", ascii("x"), { kind: "replace" }),
    await fill(storage, "/docs/created", ascii("x"), { kind: "create" }),
    await fill(storage, "/docs/inside", ascii("x"), { kind: "resume", offset: 1 }),
  ];
  fs.renameSync(path.join(root, "docs"), path.join(outside, "docs"));
  for (const upload of uploads) assert.equal(await kindOf(upload.publish()), "not-found");
  assert.deepEqual(treeOf(path.join(outside, "docs")), { inside: "inside" });
});

test("an upload follows its directory when that is renamed inside", async (context) => {
  const { storage } = await makeYard(context);
  const upload = await fill(storage, "/docs/new", ascii("x"), { kind: "replace" });
  await storage.rename(virtual("/docs"), virtual("/papers"));
  await upload.publish();
  assert.equal(await get(storage, "/papers/new"), "x");
});
