#!/usr/bin/env node
import { runCommandLine } from "./command-line.ts";
import { exitCodes } from "./exit-codes.ts";

const outputFailures: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EIO: "the disk fails",
};

/** `sallyport … | head` ends the reader early; that is no failure. What else happens to the output is one. */
process.stdout.on("error", (error) => {
  const code = "code" in error ? String(error.code) : "";
  if (code === "EPIPE") return;
  process.stderr.write(`sallyport: Standard output cannot be written: ${outputFailures[code] ?? error.message}.\n`);
  process.exit(exitCodes.cannotCreate);
});

// Not awaited here: the bundle is of the older kind of module, which starts sooner.
void runCommandLine(process.argv.slice(2)).then((code) => (process.exitCode = code));
