import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { testFilesById } from "../../scripts/conformance-table.ts";
import { readFiles, repository } from "./source-files.ts";

/** Where a table of docs/attacks.md says "ID: [test](path)", the file has a test that carries the ID. */
function untrueReferences(document: string, filesById: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const references = document
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .flatMap((row) => row.split(/[|;]/))
    .flatMap((part) => {
      const [, id] = /\b(R-(?:[A-Z]+|\d+)-\d\d|S-\d\d)\b[^[]*\[/.exec(part) ?? [];
      const paths = [...part.matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)/g)].map(([, path = ""]) => path);
      return id === undefined || paths.length === 0 ? [] : [{ id, paths }];
    });
  assert.ok(references.length > 15, "the document is written in another way");
  return references.flatMap(({ id, paths }) =>
    paths.some((path) => filesById.get(id)?.includes(path)) ? [] : [`${id} is not in ${paths.join(", ")}`],
  );
}

const filesById = testFilesById(readFiles("packages/*/test/**/*.test.ts", "test/**/*.test.ts"));
const document = readFileSync(join(repository, "docs/attacks.md"), "utf8");

test("docs/attacks.md names tests that carry the ID they are named for", () => {
  assert.deepEqual(untrueReferences(document, filesById), []);
});

test("a test that lost its ID is found", () => {
  const without = new Map([...filesById].filter(([id]) => id !== "S-10"));
  assert.ok(untrueReferences(document, without).some((reference) => reference.startsWith("S-10 ")));
});
