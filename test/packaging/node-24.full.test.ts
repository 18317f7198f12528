import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { freePort, needs } from "@sallyport/testing";
import { embeddingExample, exchangeFile } from "./embedding.ts";
import { fetchNode } from "./foreign-node.ts";
import { buildCopy, installAll, packAll, run } from "./tarballs.ts";

/** protocol and transport promise Node 24; the server is only known to work there by what is seen here. */
suite("packed packages on Node 24", { skip: needs("linux", "npm", "curl", "tar") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-node-24-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("protocol and transport load, decode and carry a transfer of curl", async (context) => {
    const node = fetchNode(24, folder);
    if (node === undefined) return context.skip("the registry gives no Node 24");
    const project = join(folder, "project");
    buildCopy(join(folder, "build"));
    installAll(project, packAll(join(folder, "build"), join(folder, "tarballs")));
    run(join(project, "node_modules/.bin/sallyport"), ["cert", "create", "--state", "state"], { cwd: project });
    writeFileSync(join(project, "protocol.js"), protocolScript);
    assert.equal(run(node, ["protocol.js"], { cwd: project }), "v24 AUTH 234 220\n");
    const port = await freePort();
    writeFileSync(join(project, "server.js"), `${embeddingExample(port)}\nconsole.log("listening");\n`);
    await exchangeFile(node, { project, port });
  });
});

const protocolScript = `
import { limitValues, parseCommandLine, ReplyDecoder } from "@sallyport/protocol";
const octets = new TextEncoder().encode("234 Ready.\\r\\n220-a\\r\\n220 b\\r\\n");
const codes = new ReplyDecoder(limitValues()).push(octets).map(({ code }) => code);
console.log(process.version.split(".")[0], parseCommandLine("auth tls").verb, ...codes);
`;
