import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { codeBlocks } from "../docs/markdown.ts";
import { repository } from "../tidy/source-files.ts";
import { run } from "./tarballs.ts";

const documentPort = 2200;

/** All that the documents show of TypeScript, also what is not for running. */
export function documentedPrograms(): readonly string[] {
  const documents = ["README.md", "docs/guide/embedding.md", "packages/client/README.md"].map((path) =>
    readFileSync(join(repository, path), "utf8"),
  );
  return documents.flatMap(codeBlocks).flatMap(({ info, code }) => (/^ts\b/.test(info) ? [code] : []));
}

/** The README's server on another port; there are no types in it, so that it is JavaScript as it stands. */
export function embeddingExample(port: number): string {
  const blocks = codeBlocks(readFileSync(join(repository, "README.md"), "utf8"));
  const example = blocks.find(({ info }) => info === `ts run server ${documentPort}`);
  assert.ok(example, "README.md has lost its example");
  return example.code.replaceAll(String(documentPort), String(port));
}

/** Runs the project's `server.js` on some Node, and takes a file there and back with curl. */
export async function exchangeFile(
  node: string,
  at: { readonly project: string; readonly port: number },
): Promise<void> {
  const { project, port } = at;
  const server = spawn(node, ["server.js"], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  const bound = setTimeout(() => server.kill("SIGKILL"), 60_000);
  try {
    for await (const line of createInterface({ input: server.stdout })) if (line === "listening") break;
    const given = ["-sS", "--max-time", "20", "--ssl-reqd", "--cacert", "state/tls/ca.pem", "-u", "bob:secret"];
    writeFileSync(join(project, "upload.txt"), "from the tarballs\n");
    run("curl", [...given, "-T", "upload.txt", `ftp://127.0.0.1:${port}/`], { cwd: project });
    const back = run("curl", [...given, `ftp://127.0.0.1:${port}/upload.txt`], { cwd: project });
    assert.equal(back, "from the tarballs\n");
  } finally {
    clearTimeout(bound);
    server.kill("SIGKILL");
  }
}
