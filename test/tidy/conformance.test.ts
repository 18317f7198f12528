import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  clientRequirements,
  conformanceDocument,
  isMissing,
  knownIds,
  serverRequirements,
  standings,
  testFilesById,
} from "../../scripts/conformance-table.ts";
import { readFiles, repository } from "./source-files.ts";

const read = (name: string): string => readFileSync(join(repository, "docs/reference", name), "utf8");
const document = read("requirements.md");
const refused = JSON.parse(read("refused.json")) as Record<string, string>;
const filesById = testFilesById(
  readFiles("packages/*/test/**/*.test.ts", "test/**/*.test.ts", "test/attacks/*-attacks.ts"),
);
const rows = standings(serverRequirements(document), filesById, refused);
const ofClient = standings(clientRequirements(document), filesById, refused);

test("no MUST of the server is without a test", () => {
  const missing = rows
    .filter((row) => isMissing(row) && row.requirement.level.startsWith("MUST"))
    .map((row) => row.requirement.id);
  assert.deepEqual(missing, []);
});

test("docs/reference/conformance.md is up to date (npm run conformance)", () => {
  assert.equal(read("conformance.md"), conformanceDocument(rows, ofClient));
});

test("tests and refusals carry only IDs that exist, each ID once", () => {
  const known = knownIds(document);
  assert.equal(known.size, document.match(/^\| (?:R-\w+|[STD])-\d\d \|/gm)?.length);
  const unknown = [...filesById.keys(), ...Object.keys(refused)].filter((id) => !known.has(id));
  assert.deepEqual(unknown, []);
});

test("nothing is both refused and tested", () => {
  assert.deepEqual(
    rows.filter((row) => row.refused !== undefined && row.files.length > 0).map((row) => row.requirement.id),
    [],
  );
});

test("the reader of requirements and of test names", () => {
  const table =
    "| R-959-01 | MUST | S | a \\| b | x |\n| R-959-02 | MUST | C | b | x |\n| S-01 | B | n | t | m |\n| D-01 | a | b |";
  assert.deepEqual(
    serverRequirements(table).map(({ id }) => id),
    ["R-959-01", "S-01"],
  );
  assert.deepEqual(
    clientRequirements(table).map(({ id }) => id),
    ["R-959-02"],
  );
  const quote = '"';
  const text = `test(${quote}R-959-01, S-01 greets${quote}); test("not R-959-02"); it(\`R-TLS-34 \${x}\`)`;
  assert.deepEqual(
    [...testFilesById([{ path: "a.test.ts", text }])],
    [
      ["R-959-01", ["a.test.ts"]],
      ["S-01", ["a.test.ts"]],
      ["R-TLS-34", ["a.test.ts"]],
    ],
  );
});
