import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { gzipSync } from "node:zlib";
import { pageDirectory } from "../src/page-directory/from-source.ts";

const firstLoadMost = 40 * 1024;

suite("The weight of the page", () => {
  test(`what the first screen loads is at most ${firstLoadMost} octets of scripts and styles, as gzip has them`, async () => {
    const assets = join(await pageDirectory(), "assets");
    const page = readFileSync(join(assets, "../index.html"), "utf8");
    const loaded = new Set<string>();
    const load = (name: string): void => {
      if (loaded.has(name)) return;
      loaded.add(name);
      const text = readFileSync(join(assets, name), "utf8");
      for (const [, imported = ""] of text.matchAll(/\b(?:from|import)"\.\/([^"]+)"/g)) load(imported);
    };
    for (const [, name = ""] of page.matchAll(/"\/assets\/([^"]+\.(?:js|css))"/g)) load(name);
    const sizes = [...loaded].map((name) => [name, gzipSync(readFileSync(join(assets, name))).length] as const);
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    assert.ok(sizes.some(([name]) => name.endsWith(".css")) && sizes.some(([name]) => name.endsWith(".js")));
    assert.ok(total <= firstLoadMost, `${total}: ${JSON.stringify(sizes)}`);
    const later = readdirSync(assets).filter((name) => /^(?:german|french|spanish|explain)-/.test(name));
    assert.equal(later.filter((name) => loaded.has(name)).length, 0);
    assert.ok(later.length >= 4, later.join(" "));
  });
});
