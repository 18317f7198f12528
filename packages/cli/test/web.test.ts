import { sallyportCommand } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

suite("sallyport web", () => {
  const refusals = [
    { flags: ["--listen", "0.0.0.0"], says: /in clear: give --tls/ },
    { flags: ["--listen", "::", "--public-url", "https://a.example"], says: /in clear: give --tls/ },
    { flags: ["--behind-proxy"], says: /needs --public-url/ },
    { flags: ["--tls", "--cert", "c.pem", "--key", "k.pem"], says: /give one of them/ },
    { flags: ["--only-allowed"], says: /needs --allow-target/ },
    { flags: ["--public-url", "https://a.example/path"], says: /a URL without a path/ },
  ];
  for (const { flags, says } of refusals) {
    test(`refuses ${flags.join(" ")}`, () => {
      const { status, stderr } = spawnSync(sallyportCommand, ["web", "--port", "0", ...flags], {
        encoding: "utf8",
        timeout: 30_000,
      });
      assert.equal(status, 64, stderr);
      assert.match(stderr, says);
    });
  }

  test("serves HTTPS with a certificate of its own authority, and ends with SIGTERM", async () => {
    const state = mkdtempSync(join(tmpdir(), "sallyport-web-"));
    const child = spawn(sallyportCommand, ["web", "--port", "0", "--tls", "--json", "--state", state]);
    try {
      const [line] = (await once(child.stdout, "data", { signal: AbortSignal.timeout(30_000) })) as [Buffer];
      const { url } = JSON.parse(line.toString()) as { readonly url: string };
      assert.match(url, /^https:\/\/127\.0\.0\.1:\d+\/$/);
      const ca = readFileSync(join(state, "tls", "ca.pem"));
      const status = await new Promise((resolve, reject) => {
        get(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode)).on("error", reject);
      });
      assert.equal(status, 200);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);
    } finally {
      child.kill("SIGKILL");
      rmSync(state, { recursive: true, force: true });
    }
  });
});
