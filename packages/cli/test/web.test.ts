import { sallyportCommand } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
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

  test("a port that is in use ends with 69, with the sentence of serve", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" ? `${address?.port}` : "";
    const child = spawn(sallyportCommand, ["web", "--port", port], { timeout: 30_000 });
    const said = text(child.stderr);
    const [code] = (await once(child, "close")) as [number];
    other.close();
    const sentence = `Port ${port} on 127.0.0.1 is in use by another program: stop that one, or choose another with --port.`;
    assert.deepEqual([code, await said], [69, `sallyport: ${sentence}\n`]);
  });

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
