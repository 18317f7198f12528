import { sallyportCommand } from "@sallyport/testing";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Ground } from "./ground.ts";

export interface SallyportStart {
  readonly ground: Ground;
  readonly workers: number;
  readonly options: readonly string[];
  /** How the account's password is hashed. Default: in a way that costs next to nothing. */
  readonly hash?: AccountHash;
  /** Modules that change one thing in the server; each says what. */
  readonly preloads: readonly PreloadName[];
}

export type AccountHash = "sha1" | "md5-crypt" | "argon2id";
export type PreloadName = "unwatched-endings" | "public-endings";

/** Our server, as the command starts it: `./sallyport serve`, with its checks, its log in a file, and its own limits. */
export interface RunningSallyport {
  readonly port: number;
  readonly roots: readonly number[];
  stop(): Promise<void>;
}

const run = promisify(execFile);
const startMs = 20_000;
const stopMs = 5_000;

/** @throws {Error} with the end of its log, when it does not come up */
export async function startSallyport({
  ground,
  workers,
  options,
  hash = "sha1",
  preloads,
}: SallyportStart): Promise<RunningSallyport> {
  const directory = mkdtempSync(join(ground.directory, "sallyport-"));
  const state = join(directory, "state");
  await (hash === "argon2id" ? addAccount(state) : importAccount(await cheapHashes[hash](), directory, state));
  const port = await freePort();
  const log = join(directory, "log");
  const output = openSync(log, "w");
  const child = spawn(
    sallyportCommand,
    [
      ...["serve", ground.home, "--state", state, "--json", "--listen", "127.0.0.1"],
      ...[
        "--explicit-port",
        String(port),
        "--implicit-port",
        "off",
        ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
      ],
      ...["--cert", join(ground.certificates, "cert.pem"), "--key", join(ground.certificates, "key.pem")],
      ...((await hasWorkers()) ? ["--workers", String(workers)] : []),
      ...options,
    ],
    {
      stdio: ["ignore", output, output],
      detached: true,
      env: { ...process.env, NODE_OPTIONS: importOptions(hash, preloads) },
    },
  );
  closeSync(output);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = AbortSignal.timeout(stopMs);
    await Promise.race([ended, sleep(stopMs, undefined, { signal: late, ref: false }).catch(() => {})]);
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  const deadline = performance.now() + startMs;
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < deadline) continue;
    await stop();
    throw new Error(`our server did not start: ${readFileSync(log, "utf8").slice(-500)}`);
  }
  return { port, roots: child.pid === undefined ? [] : [child.pid], stop };
}

/** An imported hash would become argon2id at the first login, so a module prevents that. */
function importOptions(hash: AccountHash, preloads: readonly PreloadName[]): string {
  const names = [...(hash === "argon2id" ? [] : ["keep-hashes"]), ...preloads];
  return names.map((name) => `--import=${new URL(`preload/${name}.ts`, import.meta.url).href}`).join(" ");
}

/** Whether the server can spread over processes. */
export function hasWorkers(): Promise<boolean> {
  helpText ??= run(sallyportCommand, ["serve", "--help"]).then(({ stdout }) => stdout);
  return helpText.then((text) => text.includes("--workers"));
}

let helpText: Promise<string> | undefined;

const cheapHashes: Readonly<Record<Exclude<AccountHash, "argon2id">, () => Promise<string>>> = {
  sha1: () => Promise.resolve(`{SHA}${createHash("sha1").update("secret").digest("base64")}`),
  "md5-crypt": async () => (await run("openssl", ["passwd", "-1", "secret"])).stdout.trim(),
};

async function importAccount(hash: string, directory: string, state: string): Promise<void> {
  const file = join(directory, "accounts");
  writeFileSync(file, `alice:${hash}\n`, { mode: 0o600 });
  await run(sallyportCommand, ["user", "import", "--format", "htpasswd", "--state", state, file]);
}

async function addAccount(state: string): Promise<void> {
  const adding = run(sallyportCommand, ["user", "add", "alice", "--password-stdin", "--state", state]);
  adding.child.stdin?.end("secret\n");
  await adding;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Whether somebody greets there: a port that is open may have nobody behind it yet. */
async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const greeted = await new Promise<boolean>((resolve) => {
    socket
      .once("data", (octets) => resolve(octets.toString("latin1").startsWith("220")))
      .once("error", () => resolve(false))
      .once("close", () => resolve(false))
      .setTimeout(2_000, () => resolve(false));
  });
  socket.destroy();
  if (!greeted) await sleep(50);
  return greeted;
}
