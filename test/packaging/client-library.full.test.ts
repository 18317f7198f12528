import { needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { repository } from "../tidy/source-files.ts";
import { assertNothingElse, clientRooms, packClient, runReadmeExample } from "./client-library.ts";
import { fetchNode } from "./foreign-node.ts";
import { buildCopy, installAll, readManifest, run } from "./tarballs.ts";

/** The client alone, as a program gets it that wants nothing else of us, on both versions of Node that it promises. */
suite("the client from its tarballs", { skip: needs("linux", "npm", "tar") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-client-library-"));
  const [build, tarballs, project] = ["build", "tarballs", "project"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];

  before(() => {
    buildCopy(build, clientRooms);
    installAll(project, packClient(build, tarballs));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("three packages install together offline, with what proxies and charsets need and nothing else", () =>
    assertNothingElse(project));

  for (const major of [24, 26]) {
    test(`the README's example runs on Node ${major}`, async (context) => {
      const node = fetchNode(major, folder);
      if (node === undefined) return context.skip(`the registry gives no Node ${major}`);
      assert.match(run(node, ["--version"], { cwd: project }), new RegExp(`^v${major}\\.`));
      await runReadmeExample(node, project);
    });
  }

  test("publint and arethetypeswrong have nothing to say", (context) => {
    const checks = join(folder, "checks");
    cpSync(join(repository, "tools/package-checks"), checks, { recursive: true });
    const given = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const { status } = spawnSync("npm", given, { cwd: checks, timeout: 180_000, killSignal: "SIGKILL" });
    if (status !== 0) return context.skip("the registry does not give the two programs");
    for (const room of clientRooms) {
      const { version } = readManifest(join(repository, "packages", room));
      const packed = join(tarballs, `sallyport-${room}-${version}.tgz`);
      run(process.execPath, [join(checks, "node_modules/.bin/publint"), packed, "--strict"], { cwd: checks });
      const attw = ["--profile", "esm-only", "--no-color", packed];
      run(process.execPath, [join(checks, "node_modules/.bin/attw"), ...attw], { cwd: checks });
    }
  });
});
