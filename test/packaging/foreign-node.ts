import { spawnSync } from "node:child_process";
import { globSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./tarballs.ts";

/** Fetches a Node of some major version from the registry into a folder; undefined where it cannot be had. */
export function fetchNode(major: number, folder: string): string | undefined {
  const destination = join(folder, `node-${major}`);
  mkdirSync(destination);
  const given = ["pack", "--silent", "--pack-destination", destination, `node-linux-${process.arch}@${major}`];
  const { status } = spawnSync("npm", given, { cwd: folder, timeout: 180_000, killSignal: "SIGKILL" });
  const [tarball] = globSync("*.tgz", { cwd: destination });
  if (status !== 0 || tarball === undefined) return undefined;
  run("tar", ["xzf", tarball], { cwd: destination });
  return join(destination, "package/bin/node");
}
