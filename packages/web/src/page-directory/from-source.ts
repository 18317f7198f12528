import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the page lies, made from its sources when these are newer. */
export async function pageDirectory(): Promise<string> {
  const source = fileURLToPath(new URL("../ui/", import.meta.url));
  const built = fileURLToPath(new URL("../../dist/page/", import.meta.url));
  const stamp = stampOf(source);
  const stampFile = join(built, ".sources");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return built;
  await buildPage(source, built);
  writeFileSync(stampFile, stamp);
  return built;
}

/** Makes the page: one script, one style sheet, names that change with their content. */
export async function buildPage(source: string, destination: string): Promise<void> {
  const { build } = await import("vite");
  await build({
    root: source,
    configFile: false,
    logLevel: "error",
    build: { outDir: destination, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, modulePreload: false },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  });
}

function stampOf(directory: string): string {
  const files = globSync(["**/*.{ts,tsx,css,html,svg}", "../api/*.ts"], { cwd: directory }).toSorted();
  return files.map((file) => `${file} ${statSync(join(directory, file)).mtimeMs}`).join("\n");
}
