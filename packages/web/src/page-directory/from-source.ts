import { createHash, randomUUID } from "node:crypto";
import { existsSync, globSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
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
    plugins: [{ name: "parts-of-pdf-js", generateBundle: emitPdfParts }],
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

/**
 * What pdf.js asks for by name: its worker, and what few documents need (fonts that not every system has, character maps
 * of East Asian texts, decoders of JBIG2, CCITT and JPEG 2000 that are no WebAssembly), each group with its license.
 */
const pdfParts = [
  "build/pdf.worker.min.mjs",
  "LICENSE",
  "cmaps/*",
  "standard_fonts/*",
  "wasm/{*_nowasm_fallback.js,LICENSE_*}",
];

function emitPdfParts(this: PluginContext): void {
  const entry = createRequire(import.meta.url).resolve("pdfjs-dist/package.json");
  const { version } = JSON.parse(readFileSync(entry, "utf8")) as { readonly version: string };
  for (const name of globSync(pdfParts, { cwd: dirname(entry) })) {
    const fileName = `assets/pdf-${version}/${name.replaceAll("\\", "/").replace(/^build\//, "")}`;
    this.emitFile({ type: "asset", fileName, source: readFileSync(join(dirname(entry), name)) });
  }
}

/** What Vite gives to a plugin, as far as it is used. */
interface PluginContext {
  emitFile(file: { readonly type: "asset"; readonly fileName: string; readonly source: Uint8Array }): string;
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
