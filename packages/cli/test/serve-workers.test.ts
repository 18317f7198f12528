import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { runSallyport, scratchDirectory, serveAsIs } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

const scratch = scratchDirectory();
const root = join(scratch, "root");
mkdirSync(root);

describe("serve --workers", { timeout: 120_000 }, () => {
  for (const bad of ["0", "-1", "two", "1.5", "257"]) {
    test(`64 ${bad} is refused in one sentence`, async () => {
      const { code, stdout, stderr } = await runSallyport(["serve", root, "--workers", bad]);
      assert.equal(code, 64, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /^sallyport: --workers .*\.\n$/);
    });
  }

  test("64 fewer passive ports than workers are refused in one sentence", async () => {
    const words = ["--workers", "3", "--passive-ports", "50000-50001", "--state", join(scratch, "narrow")];
    const { code, stderr } = await runSallyport(["serve", root, ...serveAsIs, ...words]);
    assert.equal(code, 64, stderr);
    assert.match(stderr, /^sallyport: --passive-ports 50000-50001 .*--workers 2\.\n$/);
  });

  for (const [words, expected] of [
    [[], availableParallelism()],
    [["--workers", "1"], 1],
    [["--workers", "3"], 3],
  ] as const) {
    test(`${words.join(" ") || "without it"}: ${expected} serve when the service has started`, async () => {
      const state = join(scratch, `state-${expected}-${words.length}`);
      const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
      await using server = new RunningServer(["serve", root, "--state", state, ...serveAsIs, ...ports, ...words]);
      await server.event("service-started");
      const workers = server.events.filter(({ event }) => event === "worker-started");
      assert.equal(workers.length, expected === 1 ? 0 : expected);
      assert.equal(await server.stop(), 0);
    });
  }
});
