import assert from "node:assert/strict";
import { test } from "node:test";

import type { Octets } from "@sallyport/protocol";
import { type Storage, StorageError, type StorageErrorKind } from "@sallyport/server/storage";

import { entries, kindOf, type MakeSource, names, path, put } from "./storage-steps.ts";

type Expectation = readonly [name: string, operation: (storage: Storage) => Promise<unknown>, kind: StorageErrorKind];

const replace = { kind: "replace" } as const;

/** In each: `/f` a file, `/d` a directory, `/full` a directory with the file `x`, `/none` nothing. */
const expectations: readonly Expectation[] = [
  ["stat of nothing", (s) => s.stat(path("/none")), "not-found"],
  ["stat below nothing", (s) => s.stat(path("/none/x")), "not-found"],
  ["stat below a file", (s) => s.stat(path("/f/x")), "not-a-directory"],
  ["stat far below a file", (s) => s.stat(path("/f/x/y/z")), "not-a-directory"],
  ["list of nothing", (s) => entries(s, "/none"), "not-found"],
  ["list of a file", (s) => entries(s, "/f"), "not-a-directory"],
  ["list below a file", (s) => entries(s, "/f/x"), "not-a-directory"],
  ["openRead of nothing", (s) => s.openRead(path("/none")), "not-found"],
  ["openRead of a directory", (s) => s.openRead(path("/d")), "is-a-directory"],
  ["openRead of the root", (s) => s.openRead(path("/")), "is-a-directory"],
  ["openRead below a file", (s) => s.openRead(path("/f/x")), "not-a-directory"],
  ["openWrite of a directory", (s) => s.openWrite(path("/d"), replace), "is-a-directory"],
  ["openWrite of the root", (s) => s.openWrite(path("/"), replace), "is-a-directory"],
  ["openWrite below nothing", (s) => s.openWrite(path("/none/x"), replace), "not-found"],
  ["openWrite below a file", (s) => s.openWrite(path("/f/x"), replace), "not-a-directory"],
  ["append to a directory", (s) => s.openWrite(path("/d"), { kind: "append" }), "is-a-directory"],
  ["create of a directory's name", (s) => s.openWrite(path("/d"), { kind: "create" }), "is-a-directory"],
  ["rename of nothing", (s) => s.rename(path("/none"), path("/x")), "not-found"],
  ["rename to below nothing", (s) => s.rename(path("/f"), path("/none/x")), "not-found"],
  ["rename to below a file", (s) => s.rename(path("/d"), path("/f/x")), "not-a-directory"],
  ["rename of a file onto a directory", (s) => s.rename(path("/f"), path("/d")), "exists"],
  ["rename of a directory onto a file", (s) => s.rename(path("/d"), path("/f")), "exists"],
  ["rename of a directory onto a directory", (s) => s.rename(path("/full"), path("/d")), "exists"],
  ["rename of a directory into itself", (s) => s.rename(path("/d"), path("/d/x")), "name-not-allowed"],
  ["rename of the root", (s) => s.rename(path("/"), path("/x")), "denied"],
  ["rename to the root", (s) => s.rename(path("/f"), path("/")), "denied"],
  ["remove of nothing", (s) => s.remove(path("/none")), "not-found"],
  ["remove of a directory", (s) => s.remove(path("/d")), "is-a-directory"],
  ["remove of the root", (s) => s.remove(path("/")), "is-a-directory"],
  ["remove below a file", (s) => s.remove(path("/f/x")), "not-a-directory"],
  ["makeDirectory of a file's name", (s) => s.makeDirectory(path("/f")), "exists"],
  ["makeDirectory of a directory's name", (s) => s.makeDirectory(path("/d")), "exists"],
  ["makeDirectory of the root", (s) => s.makeDirectory(path("/")), "exists"],
  ["makeDirectory below nothing", (s) => s.makeDirectory(path("/none/x")), "not-found"],
  ["makeDirectory below a file", (s) => s.makeDirectory(path("/f/x")), "not-a-directory"],
  ["removeDirectory of nothing", (s) => s.removeDirectory(path("/none")), "not-found"],
  ["removeDirectory of a file", (s) => s.removeDirectory(path("/f")), "not-a-directory"],
  ["removeDirectory of what holds something", (s) => s.removeDirectory(path("/full")), "not-empty"],
  ["removeDirectory of the root", (s) => s.removeDirectory(path("/")), "denied"],
  ["setAttributes of nothing", attributesOf("/none"), "not-found"],
  ["setAttributes below a file", attributesOf("/f/x"), "not-a-directory"],
  ["makeSymbolicLink of a file's name", linkAt("/f"), "exists"],
  ["makeSymbolicLink of the root", linkAt("/"), "exists"],
  ["makeSymbolicLink below nothing", linkAt("/none/x"), "not-found"],
];

/** Every operation says what is wrong in the agreed word, and a refused one changes nothing. */
export function storageErrorContract(makeSource: MakeSource): void {
  test("each operation raises the kind that fits, and changes nothing", async (context) => {
    const storage = (await makeSource(context)).forOwner("alice");
    await put(storage, "/f", "file");
    await storage.makeDirectory(path("/d"));
    await storage.makeDirectory(path("/full"));
    await put(storage, "/full/x", "inside");
    const wrong: string[] = [];
    for (const [name, operation, expected] of expectations) {
      const kind = await kindOf(operation(storage));
      if (kind !== expected && kind !== "unsupported") wrong.push(`${name}: ${kind} instead of ${expected}`);
    }
    assert.deepEqual(wrong, []);
    assert.deepEqual(await names(storage), ["d", "f", "full"]);
    assert.deepEqual(await names(storage, "/full"), ["x"]);
    assert.deepEqual(await names(storage, "/d"), []);
  });

  test("S-29 an error text names the path that the peer knows and nothing of the server", async (context) => {
    const storage = (await makeSource(context)).forOwner("alice");
    await assert.rejects(storage.stat(path("/no\xffne")), (error: Error) => {
      assert.match(error.message, /\/no%FFne/);
      assert.doesNotMatch(error.message, /proc|tmp/);
      return true;
    });
  });
}

function attributesOf(at: string): Expectation[1] {
  return async (storage) => {
    if (storage.setAttributes === undefined) throw lacking;
    await storage.setAttributes(path(at), { modifiedMs: 0 });
  };
}

function linkAt(at: string): Expectation[1] {
  return async (storage) => {
    if (storage.makeSymbolicLink === undefined) throw lacking;
    await storage.makeSymbolicLink(path(at), "f" as Octets);
  };
}

const lacking = new StorageError("unsupported", "the storage lacks the operation");
