import type { SourceFile } from "./source-files.ts";

/** What a file imports, types and what is loaded late included, as it is written there. */
export function importsOf(file: SourceFile): readonly string[] {
  const pattern =
    /(?:^|[\s;}])(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;
  return [...file.text.matchAll(pattern)].map(([, from, direct]) => from ?? direct ?? "");
}
