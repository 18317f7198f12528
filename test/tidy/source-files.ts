import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository, with a slash at its end. */
export const repository: string = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Reads the files that match, less what is installed, built or unpacked. */
export function readFiles(...patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: repository, exclude: isForeign })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(repository, path), "utf8") }));
}

function isForeign(path: string): boolean {
  return /(^|\/)(node_modules|dist|\.peers|\.git|state)(\/|$)/.test(path);
}
