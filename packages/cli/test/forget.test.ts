import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clientServer } from "./client-server.ts";

const { scratch, url, run, runBare } = clientServer();

test("forget forgets how a server behaves, with its key and that it offered TLS", async () => {
  assert.equal((await run(["ls", `${url.explicit}/`])).code, 0);
  const own = join(scratch, "own/.config/sallyport");
  const remembered = (name: string): unknown => JSON.parse(readFileSync(join(own, name), "utf8"));
  const server = new URL(url.explicit.replace(/^\w+:/, "http:")).host;
  assert.ok(JSON.stringify(remembered("servers.json")).includes(`"${server}"`));
  const outcome = await runBare(["forget", server]);
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.deepEqual([remembered("servers.json"), remembered("hosts.json")], [[], []]);
  assert.equal((await runBare(["forget", server])).code, 1);
});
