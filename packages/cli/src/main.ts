#!/usr/bin/env node
import { runCommandLine } from "./command-line.ts";

/** `sallyport … | head` ends the reader early; that is no failure. */
process.stdout.on("error", (error) => {
  if (!("code" in error) || error.code !== "EPIPE") throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2));
