import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { octetsFromText, resolvePath, rootPath, type VirtualPath } from "@sallyport/protocol";
import { everyPathAction, type PathAction, withPermissions } from "@sallyport/server/accounts";
import { LocalDirectory, type Storage, StorageError, type WriteIntent } from "@sallyport/server/storage";

/** Each case: the actions that are just enough, and the call. Everything else must be refused before it happens. */
const needs: readonly (readonly [
  title: string,
  needed: readonly PathAction[],
  call: (storage: Storage) => Promise<unknown>,
])[] = [
  ["list", ["list"], async (storage) => names(storage, "/")],
  ["stat of a file", ["list"], async (storage) => storage.stat(at("/file"))],
  ["read", ["read"], async (storage) => read(storage, "/file")],
  ["STOR of a new name", ["create"], async (storage) => write(storage, "/new", { kind: "replace" })],
  ["STOR onto a file", ["overwrite"], async (storage) => write(storage, "/file", { kind: "replace" })],
  ["STOU", ["create"], async (storage) => write(storage, "/new", { kind: "create" })],
  ["delete", ["delete"], async (storage) => storage.remove(at("/file"))],
  ["make a directory", ["make-directory"], async (storage) => storage.makeDirectory(at("/new"))],
  ["remove a directory", ["remove-directory"], async (storage) => storage.removeDirectory(at("/empty"))],
  ["rename in place", ["rename"], async (storage) => storage.rename(at("/file"), at("/new"))],
  ["rename onto a file", ["rename", "overwrite"], async (storage) => storage.rename(at("/file"), at("/other"))],
  ["move", ["rename", "create"], async (storage) => storage.rename(at("/file"), at("/empty/file"))],
  [
    "move a directory",
    ["rename", "make-directory"],
    async (storage) => storage.rename(at("/empty"), at("/full/empty")),
  ],
  ["MFMT", ["set-attributes"], async (storage) => storage.setAttributes?.(at("/file"), { modifiedMs: 0 })],
  ["symbolic link", ["link"], async (storage) => storage.makeSymbolicLink?.(at("/new"), octetsFromText("file"))],
];

for (const [title, needed, call] of needs) {
  test(`${title} needs ${needed.join(" and ")} and nothing else`, async (t) => {
    const { storage, root } = await room(t);
    const before = snapshot(root);
    for (const missing of needed) {
      const others = [...everyPathAction].filter((action) => action !== missing && !alsoEnough(title).includes(action));
      await assert.rejects(call(permitted(storage, { "/": others })), denied, `without ${missing}`);
    }
    await assert.rejects(call(permitted(storage, { "/": [] })), denied, "without anything");
    assert.deepEqual(snapshot(root), before, "a refused call changes nothing");
    await call(permitted(storage, { "/": needed }));
  });
}

/** A file is visible to whoever may read, extend or replace it. */
function alsoEnough(title: string): readonly PathAction[] {
  return title === "stat of a file" ? ["read", "append", "overwrite"] : [];
}

test("an account without limits gets the storage itself", async (t) => {
  const { storage } = await room(t);
  assert.equal(withPermissions(storage, { permissions: [], readOnly: false }), storage);
});

test("a read-only login changes nothing, and is told so", async (t) => {
  const { storage, root } = await room(t);
  const readOnly = withPermissions(storage, { permissions: [], readOnly: true });
  const before = snapshot(root);
  const changing = needs.filter(([title]) => !["list", "stat of a file", "read"].includes(title));
  for (const [title, , call] of changing) {
    await assert.rejects(call(readOnly), (error) => error instanceof StorageError && error.kind === "read-only", title);
  }
  assert.deepEqual(snapshot(root), before);
  assert.deepEqual(await names(readOnly, "/"), ["empty", "file", "full", "other"]);
  assert.equal(await read(readOnly, "/file"), "file");
});

test("S-22 no way leads over an existing file for who may create, rename, append and list only", async (t) => {
  const { storage, root } = await room(t);
  const limited = permitted(storage, { "/": ["list", "read", "create", "rename", "make-directory", "append", "link"] });
  const before = snapshot(root);
  const intents: WriteIntent[] = [
    { kind: "replace" },
    { kind: "resume", offset: 0 },
    { kind: "resume", offset: 4 },
    { kind: "range", first: 0, last: 1 },
  ];
  for (const intent of intents) await assert.rejects(write(limited, "/file", intent), denied, intent.kind);
  await assert.rejects(write(limited, "/file", { kind: "create" }), { kind: "exists" });
  await assert.rejects(limited.rename(at("/other"), at("/file")), denied);
  assert.deepEqual(snapshot(root), before);
  const noAppend = permitted(storage, { "/": ["list", "read", "create"] });
  await assert.rejects(write(noAppend, "/file", { kind: "append" }), denied);
  assert.deepEqual(snapshot(root), before);
});

test("S-22 a file that appears while an upload runs is not replaced by who may not overwrite", async (t) => {
  const { storage, root } = await room(t);
  const limited = permitted(storage, { "/": ["list", "create"] });
  const upload = await limited.openWrite(at("/late"), { kind: "replace" });
  await upload.write(Buffer.from("mine"), 0);
  writeFileSync(join(root, "late"), "theirs");
  await assert.rejects(upload.publish(), denied);
  await upload.abandon({ keep: false });
  assert.equal(readFileSync(join(root, "late"), "utf8"), "theirs");
});

test("S-22 the storage itself is told that nothing may be replaced", async (t) => {
  const { storage } = await room(t);
  const kinds: string[] = [];
  const watched: Storage = {
    ...bareStorage(storage),
    openWrite: (path, intent) => {
      kinds.push(intent.kind);
      return storage.openWrite(path, intent);
    },
  };
  await write(permitted(watched, { "/": ["create"] }), "/one", { kind: "replace" });
  await write(permitted(watched, { "/": ["create", "overwrite"] }), "/two", { kind: "replace" });
  assert.deepEqual(kinds, ["create", "replace"]);
});

test("S-26 a drop-box takes files and shows none", async (t) => {
  const { storage } = await room(t);
  const dropBox = permitted(storage, { "/": ["create"] });
  await write(dropBox, "/gift", { kind: "replace" });
  await assert.rejects(read(dropBox, "/gift"), denied);
  await assert.rejects(names(dropBox, "/"), denied);
  await assert.rejects(dropBox.stat(at("/gift")), denied);
  await assert.rejects(write(dropBox, "/gift", { kind: "replace" }), denied, "not even its own a second time");
  assert.equal((await dropBox.stat(rootPath)).type, "directory", "CWD works");
});

test("what no rule lets a login do anything with is not listed", async (t) => {
  const { storage } = await room(t);
  const limited = permitted(storage, { "/full": [], "/other": [] });
  assert.deepEqual(await names(limited, "/"), ["empty", "file"]);
  await assert.rejects(limited.stat(at("/full")), denied);
  await assert.rejects(limited.stat(at("/full/inner")), denied);
  await assert.rejects(read(limited, "/full/inner"), denied);
});

test("renaming a directory does not carry its content out from under a rule or under another", async (t) => {
  const { storage, root } = await room(t);
  const before = snapshot(root);
  const below = permitted(storage, { "/full/inner": ["list"] });
  await assert.rejects(below.rename(at("/full"), at("/elsewhere")), denied, "a rule below the old place");
  const atIt = permitted(storage, { "/full": [...everyPathAction] });
  await assert.rejects(atIt.rename(at("/full"), at("/elsewhere")), denied, "a rule at the old place");
  const target = permitted(storage, { "/elsewhere/inner": ["list"] });
  await assert.rejects(target.rename(at("/full"), at("/elsewhere")), denied, "a rule below the new place");
  assert.deepEqual(snapshot(root), before);
});

test("between places with different rules a rename is a copy and a deletion", async (t) => {
  const { storage } = await room(t);
  const sufficient: PathAction[] = ["rename", "read", "delete"];
  for (const missing of sufficient) {
    const rules = { "/full": sufficient.filter((action) => action !== missing) };
    await assert.rejects(permitted(storage, rules).rename(at("/full/inner"), at("/out")), denied, missing);
  }
  await permitted(storage, { "/full": sufficient }).rename(at("/full/inner"), at("/out"));
});

test("S-21 links do not lead around a rule", async (t) => {
  const { storage, root } = await room(t);
  const limited = permitted(storage, { "/full": [] });
  for (const target of ["full", "full/inner", "/full", "/file", "../file", "empty/../full", "./full", "."]) {
    await assert.rejects(async () => limited.makeSymbolicLink?.(at("/link"), octetsFromText(target)), denied, target);
  }
  for (const target of ["../file", "../empty/x"]) {
    await assert.rejects(
      async () => limited.makeSymbolicLink?.(at("/empty/up"), octetsFromText(target)),
      denied,
      target,
    );
  }
  await limited.makeSymbolicLink?.(at("/link"), octetsFromText("file"));
  symlinkSync("inner", join(root, "empty", "link"));
  await assert.rejects(limited.rename(at("/empty/link"), at("/link2")), denied, "a link that would point elsewhere");
  const free = permitted(storage, { "/": [...everyPathAction] });
  await free.makeSymbolicLink?.(at("/link3"), octetsFromText("full/inner"));
});

test("capabilities that the storage lacks stay absent", async (t) => {
  const { storage } = await room(t);
  const bare = bareStorage(storage);
  const limited = permitted(bare, { "/": ["list"] });
  for (const name of ["setAttributes", "makeSymbolicLink", "freeSpaceBytes"]) {
    assert.equal(Reflect.get(limited, name), undefined, name);
  }
  assert.ok(((await permitted(storage, { "/": ["list"] }).freeSpaceBytes?.(rootPath)) ?? 0) > 0);
});

test("interrupted uploads are continued and given up with the right to create alone", async (t) => {
  const { storage } = await room(t);
  const limited = permitted(storage, { "/": ["create"] });
  const upload = await limited.openWrite(at("/part"), { kind: "replace" });
  await upload.write(Buffer.from("half"), 0);
  await upload.abandon({ keep: true });
  assert.equal((await limited.stat(at("/part"))).incomplete, true);
  await limited.remove(at("/part"));
  await assert.rejects(limited.stat(at("/part")), { kind: "not-found" });
  await assert.rejects(limited.remove(at("/file")), denied);
});

const denied = (error: unknown): boolean => error instanceof StorageError && error.kind === "denied";

/** A directory with `file`, `other`, an empty directory `empty`, and `full` holding `inner`. */
async function room(t: TestContext): Promise<{ storage: Storage; root: string }> {
  const root = mkdtempSync(join(tmpdir(), "sallyport-permitted-"));
  for (const name of ["file", "other"]) writeFileSync(join(root, name), name);
  for (const name of ["empty", "full"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "full", "inner"), "inner");
  const directory = await LocalDirectory.open(root);
  t.after(async () => {
    await directory[Symbol.asyncDispose]();
    rmSync(root, { recursive: true, force: true });
  });
  return { storage: directory.forOwner("alice"), root };
}

/** The methods that every storage has. */
function bareStorage(storage: Storage): Storage {
  return {
    stat: storage.stat.bind(storage),
    list: storage.list.bind(storage),
    openRead: storage.openRead.bind(storage),
    openWrite: storage.openWrite.bind(storage),
    rename: storage.rename.bind(storage),
    remove: storage.remove.bind(storage),
    makeDirectory: storage.makeDirectory.bind(storage),
    removeDirectory: storage.removeDirectory.bind(storage),
  };
}

function permitted(storage: Storage, rules: Readonly<Record<string, readonly PathAction[]>>): Storage {
  const permissions = Object.entries(rules).map(([path, allow]) => ({ path: at(path), allow: new Set(allow) }));
  return withPermissions(storage, { permissions, readOnly: false });
}

function at(path: string): VirtualPath {
  return resolvePath(rootPath, octetsFromText(path)) as VirtualPath;
}

async function names(storage: Storage, directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entries of storage.list(at(directory))) found.push(...entries.map((entry) => entry.name));
  return found.toSorted();
}

async function read(storage: Storage, path: string): Promise<string> {
  await using file = await storage.openRead(at(path));
  const buffer = Buffer.alloc(file.sizeBytes);
  await file.read(buffer, 0);
  return buffer.toString("utf8");
}

async function write(storage: Storage, path: string, intent: WriteIntent): Promise<void> {
  const file = await storage.openWrite(at(path), intent);
  await file.write(Buffer.from("written"), file.startPosition);
  await file.publish();
}

/** Names, types and contents of everything in a directory, without what the storage keeps for itself. */
function snapshot(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith(".sallyport"))
    .map((name) => {
      const stats = lstatSync(join(root, name));
      return `${name} ${stats.isDirectory() ? "directory" : readFileSync(join(root, name), "utf8")} ${stats.mtimeMs}`;
    })
    .toSorted();
}
