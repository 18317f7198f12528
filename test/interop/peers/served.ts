import { reachableCommand, sallyportCommand } from "@sallyport/testing";
import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram, startProgram, type RunningProgram } from "./program.ts";

/** `sallyport serve` in a process of its own, with the account alice, password `secret`, made by `sallyport user add`. */
export interface ServedDirectory extends AsyncDisposable {
  readonly explicitPort: number;
  readonly implicitPort: number;
  /** What is served, and the state directory with the certificate authority made on first run. */
  readonly root: string;
  readonly state: string;
  readonly caFile: string;
  readonly process: RunningProgram;
}

export interface ServedOptions {
  /** Where it listens; by default on ports of the system's choice of 127.0.0.1. */
  readonly words?: readonly string[];
  /** The user, by number, that root hands the directory to and serves as. */
  readonly userId?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts it and returns when it listens. */
export async function serveDirectory({
  words,
  userId,
  environment = {},
}: ServedOptions = {}): Promise<ServedDirectory> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-served-"));
  const [root, state] = [join(directory, "root"), join(directory, "state")];
  await mkdir(root);
  if (userId !== undefined) {
    await chmod(directory, 0o755);
    await chown(root, userId, userId);
  }
  const add = ["user", "add", "alice", "--state", state, "--password-stdin"];
  const added = await runProgram(sallyportCommand, add, { directory, input: "secret\n" });
  assert.equal(added.code, 0, added.stderr);
  const where = words ?? ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0", ...asRoot()];
  const serve = [sallyportCommand, "serve", root, "--state", state, "--json", ...where];
  const server = startProgram(...reachableCommand(serve), { directory, environment, deadlineMs: 600_000 });
  const dispose = async (): Promise<void> => {
    server.kill("SIGTERM");
    await server.ended;
    await rm(directory, { recursive: true });
  };
  try {
    const ports = await listeningPorts(server);
    return {
      ...ports,
      root,
      state,
      process: server,
      caFile: join(state, "tls/ca.pem"),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function listeningPorts(server: RunningProgram): Promise<{ explicitPort: number; implicitPort: number }> {
  const ports = { explicit: 0, implicit: 0 };
  for (const _ of [1, 2]) {
    const [line] = await server.waitFor(/^.*"listener-bound".*$/m);
    const { tlsMode, port } = JSON.parse(line) as { readonly tlsMode: keyof typeof ports; readonly port: number };
    ports[tlsMode] = port;
  }
  await server.waitFor(/"service-started"/);
  return { explicitPort: ports.explicit, implicitPort: ports.implicit };
}

/** Root has to say that it means it. */
function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? ["--allow-root"] : [];
}
