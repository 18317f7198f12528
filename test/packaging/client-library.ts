import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeBlocks } from "../docs/markdown.ts";
import { repository } from "../tidy/source-files.ts";
import { packAll, type PublishedRoom, readManifest, thirdParties } from "./tarballs.ts";

/** What a program needs that only wants the client. */
export const clientRooms = ["protocol", "transport", "client"] as const satisfies readonly PublishedRoom[];

/** All that the client may bring from others: what proxies and legacy charsets need. */
const allowedRoots = ["iconv-lite", "socks"];

export function packClient(buildFolder: string, destination: string): readonly string[] {
  return packAll(buildFolder, destination, clientRooms);
}

/** Looks at what was installed: our three packages, those of others that are allowed, and nothing else. */
export function assertNothingElse(project: string): void {
  const rooms = clientRooms.map((room) => readManifest(join(repository, "packages", room)));
  const direct = rooms.flatMap(({ dependencies = {} }) => Object.keys(dependencies));
  assert.deepEqual([...new Set(direct.filter((name) => !name.startsWith("@sallyport/")))].toSorted(), allowedRoots);
  const modules = join(project, "node_modules");
  const installed = readdirSync(modules).filter((name) => !name.startsWith("."));
  const folders = clientRooms.map((room) => join(repository, "packages", room));
  assert.deepEqual(installed.toSorted(), ["@sallyport", ...thirdParties(folders)].toSorted());
  assert.deepEqual(readdirSync(join(modules, "@sallyport")).toSorted(), [...clientRooms].toSorted());
}

/** The example of the client's README, which has no types in it, and what it prints. */
function readmeExample(): { readonly code: string; readonly printed: string } {
  const blocks = codeBlocks(readFileSync(join(repository, "packages/client/README.md"), "utf8"));
  const at = blocks.findIndex(({ info }) => info === "ts run");
  const [example, shown] = [blocks[at], blocks[at + 1]];
  assert.ok(example && shown?.info === "text printed", "the client's README has lost its example");
  return { code: example.code, printed: shown.code };
}

/** Runs the README's example in a project, on some Node, against a server of ours on another port. */
export async function runReadmeExample(node: string, project: string): Promise<void> {
  const { code, printed } = readmeExample();
  await using server = await startTestServer();
  mkdirSync(join(project, "state/tls"), { recursive: true });
  writeFileSync(join(project, "state/tls/ca.pem"), server.identity.ca);
  const local = code.replaceAll("2121", String(server.explicitPort)).replaceAll("correct horse battery", "secret");
  writeFileSync(join(project, "example.js"), local);
  assert.equal((await outputOf(node, "example.js", project)).trim(), printed);
  const left = readdirSync(server.directory).filter((name) => name !== ".sallyport");
  assert.deepEqual(left, []);
}

/** The server lives in this process, which therefore must not stop while the program runs. */
function outputOf(node: string, program: string, cwd: string): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(node, [program], { cwd, env, timeout: 60_000, killSignal: "SIGKILL" }, (error, output, errors) => {
    if (error) reject(new Error(`${program} ended with ${error.code}:\n${output}${errors}`));
    else resolve(output);
  });
  return promise;
}
