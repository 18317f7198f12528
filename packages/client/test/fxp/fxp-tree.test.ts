import type { FxpStep } from "@sallyport/client";
import { startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Handler, startScriptedServer } from "../scripted-server.ts";
import { Folder, fxpOptions, identity, pairOf } from "./scene.ts";

let source: TestServer;
let target: TestServer;

before(async () => {
  [source, target] = await Promise.all([startTestServer({ fxp: fxpOptions }), startTestServer({ fxp: fxpOptions })]);
});
after(() => Promise.all([source, target].map((server) => server[Symbol.asyncDispose]())));
beforeEach(() => Promise.all([source, target].map((server) => new Folder(server).empty())));

async function makeTree(): Promise<void> {
  for (const directory of ["tree/below", "tree/empty"]) {
    // oxlint-disable-next-line no-await-in-loop -- a handful
    await mkdir(join(source.directory, directory), { recursive: true });
  }
  for (const name of ["tree/one", "tree/two", "tree/below/three"]) {
    // oxlint-disable-next-line no-await-in-loop -- a handful
    await writeFile(join(source.directory, name), name);
  }
  await symlink("one", join(source.directory, "tree/link"));
}

const told = (steps: readonly FxpStep[]): string[] =>
  steps.map(({ outcome, path }) => `${outcome} ${path}`).toSorted((one, other) => (one < other ? -1 : 1));

describe("trees from server to server", () => {
  for (const [parallel, max] of [
    [1, 1],
    [3, 4],
  ] as const) {
    it(`come with their directories, ${parallel} at a time over ${max} control connections`, async () => {
      await makeTree();
      await using pair = await pairOf(source, target, { from: { pool: { max } }, to: { pool: { max } } });
      const steps = await Array.fromAsync(pair.from.fxpTree("tree/", pair.to, "deep/copy", { parallel }));
      const links = steps.filter(({ outcome }) => outcome === "left").length;
      assert.deepEqual(told(steps), [
        "done tree/below/three",
        ...(links === 0 ? ["done tree/link"] : []),
        "done tree/one",
        "done tree/two",
        ...(links === 0 ? [] : ["left tree/link"]),
        "made tree/below",
        "made tree/empty",
      ]);
      assert.ok(steps.every((step) => step.outcome !== "done" || step.file.route?.kind === "direct"));
      const three = await readFile(join(target.directory, "deep/copy/below/three"), "utf8");
      assert.equal(three, "tree/below/three");
    });
  }

  it("a file that fails is a step, and leaving the loop ends it", async () => {
    await makeTree();
    await using pair = await pairOf(source, target);
    await mkdir(join(target.directory, "copy/two"), { recursive: true });
    const steps = await Array.fromAsync(pair.from.fxpTree("tree", pair.to, "copy"));
    assert.deepEqual(
      told(steps).filter((line) => line.startsWith("failed")),
      ["failed tree/two"],
    );
    const loop = pair.from.fxpTree("tree", pair.to, "again");
    await loop.next();
    await loop.return(undefined);
    assert.deepEqual([(await pair.from.raw("NOOP")).code, (await pair.to.raw("NOOP")).code], [200, 200]);
  });

  it("S-20 a name that leads elsewhere is not followed", async () => {
    const names = ["../../outside", "..", "a/b"].map((name) => `type=file;size=19; ${name}\r\n`).join("");
    const MLSD: Handler = async (login) => {
      login.reply("150 coming");
      (await login.data()).end(`${names}type=file;size=19; fine\r\n`);
      return "226 done";
    };
    const tls = { cert: identity.certificate, key: identity.key };
    await using server = await startScriptedServer({ MLSD }, { tls });
    await using pair = await pairOf({ explicitPort: server.port }, target);
    const steps = await Array.fromAsync(pair.from.fxpTree("", pair.to, "copy", { mode: "relay" }));
    assert.deepEqual(
      told(steps).filter((line) => line.startsWith("done")),
      ["done fine"],
    );
    assert.deepEqual(await new Folder(target).names(), ["copy"]);
  });
});
