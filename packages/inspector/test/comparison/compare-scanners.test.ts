import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "@sallyport/testing";
import { agrees, compareServer, explanationOf } from "./compare.ts";
import { servers } from "./servers.ts";

const server = servers.find(({ name }) => name === "pyftpdlib");

test("sslscan and nmap see what we see of a server", { skip: server?.skip || needs("sslscan", "nmap") }, async () => {
  const compared = await compareServer(server ?? assert.fail(), ["sslscan", "nmap"]);
  assert.ok(compared.filter(agrees).length >= 25, JSON.stringify(compared));
  assert.deepEqual(
    compared.filter((field) => !agrees(field) && explanationOf(field) === undefined),
    [],
  );
});
