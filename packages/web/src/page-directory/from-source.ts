import { createHash, randomUUID } from "node:crypto";
import { existsSync, globSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
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
    resolve: { conditions: sourceConditions },
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
    resolve: { conditions: sourceConditions },
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

/** Sources that are the same make a folder that is the same: it gets its name when it is whole, whoever made it first. */
async function upToDate(name: string, build: (destination: string) => Promise<void>): Promise<string> {
  const place = fileURLToPath(new URL(`../../dist/from-source/${name}/`, import.meta.url));
  const built = join(place, createHash("sha256").update(stampOfSources()).digest("hex").slice(0, 16));
  if (existsSync(built)) return built;
  const unfinished = join(place, `unfinished-${randomUUID()}`);
  await build(unfinished);
  const older = readdirSync(place).filter((entry) => !entry.startsWith("unfinished-"));
  try {
    renameSync(unfinished, built);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(built)) throw error;
    return built;
  }
  for (const entry of older) rmSync(join(place, entry), { recursive: true, force: true });
  return built;
}

/** A clone has sources and nothing built. */
const sourceConditions = ["source", "browser", "module", "import"];

const sources = ["**/*.{ts,tsx,css,html,svg}", "../api/*.ts", "../../../inspector/src/model/*.ts"];

function stampOfSources(): string {
  const files = globSync(sources, { cwd: source }).toSorted();
  return files.map((file) => `${file} ${statSync(join(source, file)).mtimeMs}`).join("\n");
}
