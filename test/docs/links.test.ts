import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { readFiles, repository } from "../tidy/source-files.ts";
import { anchors, internalLinks } from "./markdown.ts";

test("links between documents lead somewhere", () => {
  const documents = readFiles("*.md", "docs/**/*.md", "packages/*/*.md");
  assert.ok(documents.length >= 6);
  const broken = documents.flatMap(({ path, text }) =>
    internalLinks(text)
      .filter(({ target }) => !leadsSomewhere(path, target))
      .map(({ target, line }) => `${path}:${line}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("the link check finds what it is there for", () => {
  const text = "# A `b` c: d\n[x](#a-b-c-d) `[y](gone.md)` [z](README.md#nowhere)\n```\n[w](gone.md)\n```";
  assert.deepEqual(internalLinks(text), [
    { target: "#a-b-c-d", line: 2 },
    { target: "README.md#nowhere", line: 2 },
  ]);
  assert.ok(anchors(text).has("a-b-c-d"));
  assert.ok(!leadsSomewhere("README.md", "README.md#nowhere"));
  assert.ok(!leadsSomewhere("README.md", "gone.md"));
});

function leadsSomewhere(from: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? join(repository, from) : join(repository, dirname(from), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchors(readFileSync(file, "utf8")).has(anchor);
}
