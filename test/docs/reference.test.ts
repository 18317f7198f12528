import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { needs } from "@sallyport/testing";
import { exitCodes } from "../../packages/cli/src/exit-codes.ts";
import { generatedDocuments } from "../../scripts/reference/generated-documents.ts";
import { withSections } from "../../scripts/reference/sections.ts";
import { repository } from "../tidy/source-files.ts";

const read = (name: string): string => readFileSync(join(repository, "docs/reference", name), "utf8");

for (const [name, makeSections] of Object.entries(generatedDocuments)) {
  const id = name === "tls-profile.md" ? "R-TLS-44 " : "";
  test(`${id}docs/reference/${name} says what is so (npm run reference)`, { skip: needs("openssl") }, async () => {
    const told = read(name);
    const found = withSections(told, await makeSections()).split("\n");
    assert.deepEqual(
      told.split("\n").filter((line) => !found.includes(line)),
      [],
      "lines that are not so",
    );
    assert.equal(told.split("\n").length, found.length, "lines that are missing: npm run reference");
  });
}

test("sections are replaced between their marks, and none is lost", () => {
  const document = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb";
  assert.equal(withSections(document, { x: "new" }), "a\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\nb");
  assert.throws(() => withSections(document, { x: "new", y: "lost" }), /no marks for y/);
  assert.throws(() => withSections(document, {}), /nothing generates the section x/);
});

test("docs/reference/commands.md knows every exit code", () => {
  const told = [...read("commands.md").matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code));
  assert.deepEqual(told, Object.values(exitCodes));
});
