import { execFile, spawn, type ChildProcessByStdio } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** The two programs in C: what loads a server, and the server that does the least. */
export type ProgramName = "load-client" | "bound";

/** Compiled programs by name. */
export type Programs = Readonly<Record<ProgramName, string>>;

const run = promisify(execFile);
const bench = fileURLToPath(new URL("..", import.meta.url));
const names: readonly ProgramName[] = ["load-client", "bound"];

/**
 * Compiles both programs into `directory`, as objects that a Node process loads: so they run on the OpenSSL that is
 * part of Node, which is the server's.
 *
 * @throws {Error} that says what is missing: a C compiler, or the headers that come with the Node that the lock file names
 */
export async function compilePrograms(directory: string): Promise<Programs> {
  const objects = await Promise.all(names.map((name) => compileProgram(name, directory)));
  return Object.fromEntries(names.map((name, index) => [name, objects[index]])) as Programs;
}

/** Starts a compiled program in a Node process of its own; its errors come out on the third stream. */
export function startProgram(
  object: string,
  programArguments: readonly string[],
): ChildProcessByStdio<Writable, Readable, Readable> {
  const runner = join(bench, "native/run.mjs");
  return spawn(process.execPath, [runner, object, ...programArguments], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
}

/** Compiles one program of bench/; see {@link compilePrograms}. */
export async function compileProgram(
  name: ProgramName | "guesser" | "web-browser",
  directory: string,
): Promise<string> {
  const headers = join(dirname(dirname(process.execPath)), "include/node");
  if (!existsSync(join(headers, "openssl/ssl.h"))) {
    throw new Error(`there are no headers of Node in ${headers}; the Node that the lock file names brings them`);
  }
  const object = join(directory, `${name}.node`);
  const sources = [join(bench, "native/program.c"), join(bench, name, `${name}.c`)];
  const flags = ["-O2", "-w", "-shared", "-fPIC", "-I", headers, "-o", object];
  try {
    await run("cc", [...flags, ...sources, "-lpthread"], { timeout: 60_000 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("there is no C compiler (cc), which the load client needs; Debian has it in gcc and libc6-dev", {
      cause: error,
    });
  }
  return object;
}
