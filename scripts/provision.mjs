// Brings node_modules, and with it the Node that this project runs on, to the state that package-lock.json names.
// Runs before `npm start`, `npm test` and ./sallyport, on whatever Node (18 or newer) the machine has, hence plain
// JavaScript and nothing but node: modules. Prints to stderr only, so that `npm start --silent` keeps stdout clean.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const lockFile = join(root, "package-lock.json");
const installed = join(root, "node_modules");
const stampFile = join(installed, ".provisioned");
const turnFile = join(root, ".provisioning");

const exitUnavailable = 69;
const turnWaitMs = 10 * 60_000;

try {
  await provision();
} catch (error) {
  process.stderr.write(`sallyport: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = exitUnavailable;
}

async function provision() {
  if (isProvisioned()) return;
  const endTurn = await takeTurn();
  try {
    if (!isProvisioned()) await install();
  } finally {
    endTurn();
  }
}

/** Whether node_modules was made from this very lock file, for this platform, by a run that came to its end. */
function isProvisioned() {
  const stamp = wantedStamp();
  if (readIfThere(stampFile) === stamp) {
    if (isOlder(stampFile, lockFile)) writeFileSync(stampFile, stamp);
    return true;
  }
  if (!holdsLockedPackages()) return false;
  writeFileSync(stampFile, stamp);
  return true;
}

function wantedStamp() {
  return createHash("sha256")
    .update(readFileSync(lockFile))
    .update(`${process.platform} ${process.arch}`)
    .digest("hex");
}

/**
 * Whether npm itself already brought node_modules to the lock file, as `npm install` does for a developer. npm writes
 * its record at the end, so an interrupted install has none. Optional packages depend on the platform and are taken
 * by the one that matters: the Node binary.
 */
function holdsLockedPackages() {
  const record = readIfThere(join(installed, ".package-lock.json"));
  if (record === undefined || !existsSync(join(installed, ".bin", "node"))) return false;
  const present = JSON.parse(record).packages;
  return Object.entries(JSON.parse(readFileSync(lockFile, "utf8")).packages).every(
    ([path, wanted]) =>
      !path.startsWith("node_modules/") ||
      wanted.optional ||
      wanted.devOptional ||
      (present[path]?.version === wanted.version && present[path]?.integrity === wanted.integrity),
  );
}

async function install() {
  process.stderr.write("sallyport: installing the locked dependencies, with Node 26 among them (once, about 300 MB)\n");
  rmSync(stampFile, { force: true });
  const problem = await run(["ci", "--loglevel=error", "--ignore-scripts"]);
  if (problem !== undefined) {
    throw new Error(
      `npm could not install the dependencies (${problem}). ` +
        "Is the npm registry reachable from here? Run the same command again to retry.",
    );
  }
  if (!existsSync(join(installed, ".bin", "node"))) {
    throw new Error(
      `npm left out the Node that belongs to ${process.platform} ${process.arch}: its download failed, then run the ` +
        "same command again; or there is none, then install Node 26 and run packages/cli/src/main.ts with it.",
    );
  }
  writeFileSync(stampFile, wantedStamp());
  bundleClient();
}

/** Without the bundle commands run from their sources, and start more slowly. */
function bundleClient() {
  const script = join(root, "scripts", "bundle-client.ts");
  spawnSync(join(installed, ".bin", "node"), ["--conditions=source", script], { stdio: "ignore", timeout: 60_000 });
}

/** Runs npm, the one that called us where there is one, and returns what went wrong. */
function run(npmArguments) {
  const npm = process.env.npm_execpath;
  const [command, prefix] = npm && basename(npm) === "npm-cli.js" ? [process.execPath, [npm]] : ["npm", []];
  return new Promise((resolve) => {
    const child = spawn(command, [...prefix, ...npmArguments], {
      cwd: root,
      env: { ...process.env, PATH: pathWithoutInstalled() },
      shell: process.platform === "win32" && prefix.length === 0,
      stdio: ["ignore", 2, 2],
    });
    writeFileSync(turnFile, `${process.pid} ${child.pid}`);
    for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => child.kill(signal));
    child.once("error", (error) => resolve(error.code === "ENOENT" ? "there is no npm on the PATH" : error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : `exit ${signal ?? code}`));
  });
}

/** npm puts node_modules/.bin first; what half an install left there must not run the next one. */
function pathWithoutInstalled() {
  const parts = (process.env.PATH ?? "").split(delimiter);
  return parts.filter((part) => !part.startsWith(installed)).join(delimiter);
}

/** Waits until no other run installs here, and returns how to let the next one in. */
async function takeTurn() {
  const deadline = Date.now() + turnWaitMs;
  let told = false;
  for (;;) {
    try {
      writeFileSync(turnFile, String(process.pid), { flag: "wx" });
      return () => rmSync(turnFile, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    if (isAbandoned(turnFile)) rmSync(turnFile, { force: true });
    else if (Date.now() > deadline)
      throw new Error(`another install is not coming to its end; if none runs, remove ${turnFile}`);
    else if (!told) process.stderr.write("sallyport: waiting for another install in this folder\n");
    told = true;
    await sleep(250);
  }
}

/** Whether neither the run that holds the turn nor its npm, which survives it when it is killed, is there any more. */
function isAbandoned(file) {
  const holders =
    readIfThere(file)
      ?.split(" ")
      .map(Number)
      .filter((id) => id > 0) ?? [];
  return holders.length === 0 ? isOlderThanMs(file, 5_000) : !holders.some(isRunning);
}

function isRunning(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isOlder(file, other) {
  return statSync(file).mtimeMs < statSync(other).mtimeMs;
}

function isOlderThanMs(file, ms) {
  try {
    return Date.now() - statSync(file).mtimeMs > ms;
  } catch {
    return false;
  }
}
