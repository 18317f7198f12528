import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { needs } from "@sallyport/testing";
import { agrees, compareServer, explanationOf } from "./compare.ts";
import { servers } from "./servers.ts";

describe("sslscan, nmap and testssl.sh see what we see, or it is known why not", () => {
  for (const server of servers) {
    test(server.name, { skip: server.skip || needs("sslscan", "nmap", "testssl") }, async () => {
      const compared = await compareServer(server, ["sslscan", "nmap", "testssl"]);
      assert.ok(compared.length >= 15, `only ${compared.length} fields were compared`);
      assert.deepEqual(
        compared.filter((field) => !agrees(field) && explanationOf(field) === undefined),
        [],
      );
    });
  }
});
