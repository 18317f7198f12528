import { spawnSync } from "node:child_process";
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "./files.ts";
import { asUserAtOnce, type Rights } from "./privileges.ts";

/**
 * Checks that a user can read what this program loads while it already runs as that user: modules, threads and workers
 * of its own, and the packages that these need. Asks the system with the user's rights, so that access lists and mounts
 * count as they do later on. Only for root.
 *
 * @param who the subject of the sentence, such as `The user ftp`.
 * @param options.forks whether more processes are started from Node's binary.
 * @throws {ConfigError} SALLYPORT_PROGRAM_UNREACHABLE, naming the first folder that cannot be entered, or the file that
 *   cannot be read.
 */
export function requireProgramFiles(rights: Rights, who: string, options: { readonly forks: boolean }): void {
  const files = programFiles();
  const node = process.execPath;
  const denied = asUserAtOnce(rights, () => {
    const closed = files.find((path) => isDenied(() => closeSync(openSync(path, "r"))));
    return closed ?? (options.forks && !mayRun(node) ? node : undefined);
  });
  if (denied === undefined) return;
  // A link is passed on the way, and what it names lies elsewhere.
  const realPath = realpathSync(denied);
  const folder = asUserAtOnce(rights, () => closedFolder(realPath) ?? closedFolder(denied));
  const { verb, place, mode } = faults[folder !== undefined ? "enter" : denied === node ? "run" : "read"];
  const barrier = folder ?? realPath;
  const message = `${who} cannot ${verb} ${barrier}, ${place}: put the program where that user can read it, such as below /opt, or let others ${verb} it with "chmod o+${mode} ${barrier}".`;
  throw new ConfigError("SALLYPORT_PROGRAM_UNREACHABLE", message);
}

const faults = {
  enter: { verb: "enter", place: "below which the program or its Node lies", mode: "x" },
  read: { verb: "read", place: "which belongs to the program", mode: "r" },
  run: { verb: "run", place: "on which the program runs", mode: "x" },
} as const;

/** Every module of our packages, and the manifests of those from elsewhere, whose files are installed alike. */
function programFiles(): string[] {
  return [...manifests()].flatMap(([path, { name }]) => (ownName.test(name) ? [path, ...modulesOf(path)] : [path]));
}

const ownName = /^@sallyport\//;

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The manifest of this package and of everything that it depends on, by path. */
function manifests(): ReadonlyMap<string, Manifest> {
  const found = new Map<string, Manifest>();
  const waiting = [findPackageJSON(import.meta.url)];
  for (const path of waiting) {
    if (path === undefined || found.has(path)) continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm has read it, too
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
    found.set(path, manifest);
    waiting.push(...Object.keys(manifest.dependencies ?? {}).map((name) => findPackageJSON(name, path)));
  }
  return found;
}

/** From `src` or from `dist`, as this file. */
function modulesOf(manifest: string): string[] {
  const folder = join(dirname(manifest), basename(import.meta.dirname));
  const isModule = (name: string) => extname(name) === extname(import.meta.filename) && !basename(name).startsWith(".");
  const names = readdirSync(folder, { encoding: "utf8", recursive: true });
  return names.filter(isModule).map((name) => join(folder, name));
}

/** The uppermost folder on the way to a path that may not be entered with the rights of now. */
function closedFolder(path: string): string | undefined {
  const folder = dirname(path);
  if (folder === path) return undefined;
  return closedFolder(folder) ?? (isDenied(() => lstatSync(path)) ? folder : undefined);
}

function isDenied(action: () => void): boolean {
  try {
    action();
    return false;
  } catch (error) {
    return ["EACCES", "EPERM"].includes(errorCode(error));
  }
}

/** access(2) asks for the real user, test(1) for the effective one. */
function mayRun(program: string): boolean {
  return spawnSync("test", ["-x", program], { stdio: "ignore" }).status !== 1;
}
