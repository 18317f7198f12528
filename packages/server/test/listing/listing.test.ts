import { limitValues, noListingOptions, type Octets, rootPath } from "@sallyport/protocol";
import type { Entry, Storage } from "@sallyport/server/storage";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandContext } from "../../src/command-handler.ts";
import { listDirectories } from "../../src/listing/listing.ts";

test("S-18 a recursive listing of as many directories as the bound allows is whole and in order", async () => {
  const limits = limitValues();
  const names = Array.from({ length: limits.listEntriesCount - 1 }, (_, at) => String(at).padStart(6, "0") as Octets);
  const entries = names.map((name) => ({ name, type: "directory", sizeBytes: 0, modifiedMs: 0 }) as unknown as Entry);
  const storage = {
    async *list(directory: string) {
      if (directory === rootPath) yield entries;
    },
  } as unknown as Storage;
  const context = {
    limits,
    signal: new AbortController().signal,
    state: { login: { kind: "logged-in", user: "alice", account: { storage } } },
  } as unknown as CommandContext;
  const listed: string[] = [];
  const target = { kind: "directory", path: rootPath } as const;
  for await (const { directory } of listDirectories(context, target, { ...noListingOptions, recursive: true })) {
    listed.push(directory);
  }
  assert.deepEqual(listed, [rootPath, ...names.map((name) => `/${name}`)]);
});
