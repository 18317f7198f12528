/**
 * Ends this process with an exit code, also while file calls hang on a mount that is gone. libuv waits for its threads at
 * every ordinary end, so that `process.exit()` would not return (measured, Node 26.10 on a FUSE mount without its
 * server); another program in this process's place ends them.
 */
export function endProcess(exitCode: number): never {
  if (process.getActiveResourcesInfo().some((kind) => kind.startsWith("FSReq"))) {
    try {
      process.execve?.("/bin/sh", ["sh", "-c", `exit ${exitCode}`], {});
    } catch {
      process.kill(process.pid, "SIGKILL");
    }
  }
  process.exit(exitCode);
}

/**
 * Ends the process if it has not ended by itself after three seconds, which are enough for the last lines of the log; it
 * does so at once where no call hangs.
 */
export function endSoon(): void {
  setTimeout(() => endProcess(Number(process.exitCode ?? 0)), 3_000).unref();
}
