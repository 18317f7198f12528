import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { repository } from "../tidy/source-files.ts";

/** The packages that go to the registry, by folder. */
export const publishedRooms = [
  "protocol",
  "transport",
  "gssapi",
  "client",
  "server",
  "inspector",
  "web",
  "daemon",
  "cli",
] as const;

export type PublishedRoom = (typeof publishedRooms)[number];

/** What is needed of a package's manifest. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/** Runs a program to its end, at most two minutes, and returns what it printed; throws with all of it on failure. */
export function run(
  program: string,
  given: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): string {
  const { status, stdout, stderr } = spawnSync(program, given, {
    cwd,
    env: { ...process.env, PATH: searchPath, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "", ...env },
    encoding: "utf8",
    timeout: 120_000,
    killSignal: "SIGKILL",
    maxBuffer: 64 << 20,
  });
  if (status === 0) return stdout;
  throw new Error(`${program} ${given.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
}

/** Programs that ask for `node` get the one that runs the tests. */
const searchPath = [dirname(process.execPath), process.env["PATH"]].join(delimiter);

/** Copies the sources into `folder` and builds them there, so that nobody's `dist/` is in the way. */
export function buildCopy(folder: string, rooms: readonly PublishedRoom[] = publishedRooms): void {
  for (const path of ["tsconfig.base.json", ...rooms.map((room) => `packages/${room}`)]) {
    cpSync(join(repository, path), join(folder, path), { recursive: true, filter: isSource });
  }
  linkModules(folder, rooms);
  const references = rooms.map((room) => `packages/${room}`);
  run(join(repository, "node_modules/.bin/tsc"), ["-b", ...references], { cwd: folder });
  if (!rooms.includes("web")) return;
  const pages = [join(repository, "scripts/build-page.ts"), join(folder, "packages/web/dist")];
  run(process.execPath, ["--conditions=source", ...pages], { cwd: repository });
}

/** Packs built copies, and every third-party package that they need, from what is installed; returns the files. */
export function packAll(
  folder: string,
  destination: string,
  rooms: readonly PublishedRoom[] = publishedRooms,
): readonly string[] {
  mkdirSync(destination, { recursive: true });
  const own = rooms.map((room) => join(folder, "packages", room));
  const foreign = thirdParties(own).map((name) => join(repository, "node_modules", name));
  const given = ["pack", "--ignore-scripts", "--silent", "--pack-destination", destination, ...own, ...foreign];
  run("npm", given, { cwd: folder });
  return readdirSync(destination).map((file) => join(destination, file));
}

/** Installs tarballs into an empty project, with nothing from a registry. */
export function installAll(project: string, tarballs: readonly string[]): void {
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }');
  const given = ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", [...given, ...tarballs], { cwd: project, env: { npm_config_cache: join(project, ".cache") } });
}

/** Names of all packages of others that these need, and those need, as installed at the root. */
export function thirdParties(folders: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    for (const name of Object.keys(readManifest(folder).dependencies ?? {})) {
      if (found.has(name) || name.startsWith("@sallyport/")) continue;
      found.add(name);
      visit(join(repository, "node_modules", name));
    }
  };
  for (const folder of folders) visit(folder);
  return [...found];
}

/** A `node_modules` in which our packages are the copies and everything else is what is installed. */
function linkModules(folder: string, rooms: readonly PublishedRoom[]): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@sallyport"), { recursive: true });
  for (const room of rooms) {
    const { name } = readManifest(join(folder, "packages", room));
    symlinkSync(join(folder, "packages", room), join(modules, name));
  }
  const installed = globSync(["[!.@]*", "@[!s]*/*", "@s[!a]*/*"], { cwd: join(repository, "node_modules") });
  for (const name of installed.filter((entry) => entry !== "sallyport")) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    symlinkSync(join(repository, "node_modules", name), join(modules, name));
  }
}

function isSource(path: string): boolean {
  return !/[\\/](?:dist|node_modules|test)(?:[\\/]|$)/.test(path.slice(repository.length - 1));
}
