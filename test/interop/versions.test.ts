import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stockClients } from "./clients/index.ts";

for (const { name, needs: programs, testedVersion, askVersion } of stockClients) {
  test(
    `docs/reference/interop.md names the version of ${name} that runs`,
    {
      skip: needs(...programs),
    },
    async (context) => {
      const directory = await mkdtemp(join(tmpdir(), "sallyport-version-"));
      const { stdout, stderr } = await askVersion(directory);
      await rm(directory, { recursive: true });
      const said = stdout + stderr;
      if (said.includes(testedVersion)) return;
      // Security updates of the distribution raise the last number on any day; it is told of, and no failure.
      context.diagnostic(`${name} here is another version than ${testedVersion}`);
      const release = testedVersion.replace(/\.\d+$/, ".");
      if (process.env["CI"]) assert.ok(said.includes(release), `not ${testedVersion}: ${said}`);
    },
  );
}
