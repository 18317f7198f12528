import { posix } from "node:path";
import { importsOf } from "./imports.ts";
import type { SourceFile } from "./source-files.ts";

/**
 * Lists the circles of imports, each as the files that lead back to the first: of types and of files that are loaded
 * late as well, since whoever reads one has to know the other. Imports of packages cannot lead back, see layers.ts.
 */
export function importCircles(files: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (path: string, trail: readonly string[]): void => {
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return;
    const begun = trail.indexOf(path);
    if (begun >= 0) {
      circles.push([...trail.slice(begun), path].join(" -> "));
      return;
    }
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith(".")) follow(posix.join(posix.dirname(path), specifier), [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of files) follow(path, []);
  return circles;
}
