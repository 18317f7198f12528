import { spawn, type SpawnOptions } from "node:child_process";
import { exitCodes } from "../exit-codes.ts";

/** Runs a command of the system's shell on the terminal, or without one that shell; returns its exit code. */
export async function runSystemCommand(command: string, localDirectory: string): Promise<number> {
  const { SHELL: shell = "/bin/sh" } = process.env;
  // What is not typed are commands of this shell, and not for the program.
  const input = process.stdin.isTTY ? "inherit" : "ignore";
  const options = { cwd: localDirectory, stdio: [input, "inherit", "inherit"] } satisfies SpawnOptions;
  const child = command === "" ? spawn(shell, options) : spawn(command, { ...options, shell: true });
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`sallyport: ${error.message}.\n`);
      resolve(exitCodes.failure);
    });
    // A program that a signal ended has no code.
    child.once("close", (code) => resolve(code ?? exitCodes.interrupted));
  });
}
