// Puts the client's commands into few files, so that one starts in less than half the time that its 350 modules take. They
// are CommonJS: an ECMAScript module that names node:fs or node:crypto makes Node load all that these could ever export.
// ./sallyport uses them for as long as no source is newer.
import { renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "vite";

const packageFolder = join(import.meta.dirname, "../packages/cli");
/** Beside src, since the program finds its manifest one folder up. */
const bundle = join(packageFolder, "bundle");
const unfinished = join(packageFolder, `bundle-${process.pid}`);

/** Packages that start programs from files of their own, which are found beside their sources alone. */
const asTheyAre = /^@sallyport\/(?:gssapi|daemon|server|web)$/;

/** Modules of Node's own that most commands have no use for, and that cost a twentieth of a start; who uses one loads it. */
const seldomUsed = [
  "child_process",
  "dns/promises",
  "readline",
  "sqlite",
  "stream/web",
  "timers/promises",
  "tty",
  "zlib",
];

/** Puts in the place of `let x = require(…);` at the head of a file what requires the module when `x` is first used. */
const loadSeldomUsedLate: Plugin = {
  name: "load-seldom-used-late",
  renderChunk: (code) =>
    seldomUsed.reduce((text, module) => {
      const declared = new RegExp(`^let (\\w+) = require\\("node:${module}"\\);\\n`, "m").exec(text);
      if (declared === null || text.includes(`__toESM(${declared[1]}`)) return text;
      const late = `new Proxy({}, { get: (_, name) => require("node:${module}")[name] })`;
      return text.replace(declared[0], `let ${declared[1]} = ${late};\n`);
    }, code),
};

const began = new Date();
try {
  await build({
    root: packageFolder,
    configFile: false,
    logLevel: "error",
    plugins: [loadSeldomUsedLate],
    ssr: { noExternal: true, resolve: { conditions: ["source", "node", "module", "import"] } },
    build: {
      ssr: "src/main.ts",
      outDir: unfinished,
      emptyOutDir: true,
      target: "node26",
      minify: false,
      rolldownOptions: {
        external: asTheyAre,
        output: { format: "cjs", entryFileNames: "[name].cjs", chunkFileNames: "[name]-[hash].cjs" },
      },
    },
  });
  const stamp = join(unfinished, "as-of");
  writeFileSync(stamp, "");
  utimesSync(stamp, began, began);
  rmSync(bundle, { recursive: true, force: true });
  renameSync(unfinished, bundle);
} finally {
  rmSync(unfinished, { recursive: true, force: true });
}
