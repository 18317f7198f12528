import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test, type TestContext } from "node:test";
import { needs } from "@sallyport/testing";
import { embeddingExample, exchangeFile, freePort } from "./embedding.ts";
import { buildCopy, installAll, packAll, run } from "./tarballs.ts";

/** protocol and transport promise Node 24; the server is only known to work there by what is seen here. */
suite("packed packages on Node 24", { skip: needs("linux", "npm", "curl", "tar") }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-node-24-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("protocol and transport load, decode and carry a transfer of curl", async (context) => {
    const node = fetchNode(folder, context);
    if (node === undefined) return;
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

/** Node 24 from the registry; undefined, with the test skipped, where it cannot be had. */
function fetchNode(folder: string, context: TestContext): string | undefined {
  const destination = join(folder, "node");
  mkdirSync(destination);
  const name = `node-linux-${process.arch}@24`;
  const given = ["pack", "--silent", "--pack-destination", destination, name];
  const { status } = spawnSync("npm", given, { cwd: folder, timeout: 180_000, killSignal: "SIGKILL" });
  const [tarball] = globSync("*.tgz", { cwd: destination });
  if (status !== 0 || tarball === undefined) {
    context.skip(`the registry gives no ${name}`);
    return undefined;
  }
  run("tar", ["xzf", tarball], { cwd: destination });
  return join(destination, "package/bin/node");
}
