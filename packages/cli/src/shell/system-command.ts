import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { exitCodes } from "../exit-codes.ts";
import type { Job } from "./jobs.ts";

/** Runs a command of the system's shell on the terminal, or without one that shell; returns its exit code. */
export async function runSystemCommand(command: string, localDirectory: string): Promise<number> {
  const { SHELL: shell = "/bin/sh" } = process.env;
  // What is not typed are commands of this shell, and not for the program.
  const input = process.stdin.isTTY ? "inherit" : "ignore";
  const options = { cwd: localDirectory, stdio: [input, "inherit", "inherit"] } satisfies SpawnOptions;
  return exitCodeOf(command === "" ? spawn(shell, options) : spawn(command, { ...options, shell: true }));
}

/** Runs a command of the system's shell while somebody else has the terminal; returns its exit code. */
export async function runSystemCommandBehind(command: string, { output, place, signal }: Job): Promise<number> {
  // The shell alone finds nothing to do here.
  const child = spawn(command || ":", { cwd: place.localDirectory, stdio: ["ignore", "pipe", "pipe"], shell: true });
  child.stdout.pipe(output.out, { end: false });
  child.stderr.pipe(output.err, { end: false });
  const end = (): void => void child.kill();
  signal.addEventListener("abort", end);
  try {
    return await exitCodeOf(child);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

async function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`sallyport: ${error.message}.\n`);
      resolve(exitCodes.failure);
    });
    // A program that a signal ended has no code.
    child.once("close", (code) => resolve(code ?? exitCodes.interrupted));
  });
}
