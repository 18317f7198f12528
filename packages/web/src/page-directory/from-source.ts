import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../ui/", import.meta.url));

/** Where the page lies, made from its sources when these are newer. */
export function pageDirectory(): Promise<string> {
  return upToDate("page", buildPage);
}

/** Where the script lies that shows explanations, made likewise. */
export function viewDirectory(): Promise<string> {
  return upToDate("explain-view", buildView);
}

/** Makes the page: one script, one style sheet, names that change with their content. */
export async function buildPage(destination: string): Promise<void> {
  const { build } = await import("vite");
  await build({
    root: source,
    configFile: false,
    logLevel: "error",
    build: { outDir: destination, emptyOutDir: true, target: "es2023", assetsInlineLimit: 0, modulePreload: false },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  });
}

/** Makes the script of `<sallyport-explain>`: one file that needs nothing else. */
export async function buildView(destination: string): Promise<void> {
  const { build } = await import("vite");
  await build({
    root: source,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["source", "browser", "module", "import"] },
    build: {
      outDir: destination,
      emptyOutDir: true,
      target: "es2023",
      lib: {
        entry: "explain-view/main.ts",
        formats: ["iife"],
        name: "sallyportExplain",
        fileName: () => "explain-view.js",
      },
    },
  });
}

async function upToDate(name: string, build: (destination: string) => Promise<void>): Promise<string> {
  const built = fileURLToPath(new URL(`../../dist/${name}/`, import.meta.url));
  const stamp = stampOfSources();
  const stampFile = join(built, ".sources");
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return built;
  await build(built);
  writeFileSync(stampFile, stamp);
  return built;
}

const sources = ["**/*.{ts,tsx,css,html,svg}", "../api/*.ts", "../../../inspector/src/model/*.ts"];

function stampOfSources(): string {
  const files = globSync(sources, { cwd: source }).toSorted();
  return files.map((file) => `${file} ${statSync(join(source, file)).mtimeMs}`).join("\n");
}
