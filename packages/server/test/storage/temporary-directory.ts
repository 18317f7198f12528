import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

import { LocalDirectory, type LocalDirectoryOptions } from "@sallyport/server/storage";

/** A new directory, removed with everything in it when the test ends. */
export function temporaryDirectory(context: TestContext): string {
  const directory = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "sallyport-storage-"));
  context.after(() => {
    for (const at of mountsBelow(directory)) execFileSync("umount", ["-l", at]);
    fs.rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** What a test has mounted in its directory, the last first. */
function mountsBelow(directory: string): string[] {
  const file = "/proc/self/mountinfo";
  const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n") : [];
  return lines
    .flatMap((line) => line.split(" ")[4] ?? [])
    .filter((at) => at.startsWith(`${directory}/`))
    .toReversed();
}

/** Opens a directory as a storage until the test ends. */
export async function serve(
  context: TestContext,
  root: string,
  options: LocalDirectoryOptions = {},
): Promise<LocalDirectory> {
  const directory = await LocalDirectory.open(root, options);
  context.after(() => directory[Symbol.asyncDispose]());
  return directory;
}

/** Everything below a directory, by path, with the content of files and the targets of links. */
export function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true, encoding: "latin1" })) {
    const at = path.join(entry.parentPath, entry.name);
    const key = path.relative(directory, at);
    if (entry.isFile()) tree[key] = fs.readFileSync(Buffer.from(at, "latin1"), "latin1");
    else tree[key] = entry.isSymbolicLink() ? `-> ${fs.readlinkSync(at)}` : entry.isDirectory() ? "directory" : "other";
  }
  return tree;
}
