import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { ended } from "./job-output.ts";
import type { Sink } from "./line.ts";

/** Where output goes in place of the terminal; disposing waits until it has arrived there. */
export interface OpenSink extends AsyncDisposable {
  readonly stream: Writable;
}

interface SinkPlace {
  readonly localDirectory: string;
  localPathOf(word: string): string;
}

/** Opens a file or starts a program. Rejects with the file system's errors. */
export async function openSink(
  sink: Sink | undefined,
  { localDirectory, localPathOf }: SinkPlace,
): Promise<(OpenSink & AsyncDisposable) | undefined> {
  if (sink === undefined) return undefined;
  if (sink.kind === "file") {
    const stream = createWriteStream(localPathOf(sink.path), { flags: sink.appends ? "a" : "w" });
    await once(stream, "open");
    return { stream, [Symbol.asyncDispose]: () => ended(stream) };
  }
  const child = spawn(sink.command, { shell: true, cwd: localDirectory, stdio: ["pipe", "inherit", "inherit"] });
  const { stdin } = child;
  // A pager that is left early does not read to the end; that is no failure.
  stdin.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  return {
    stream: stdin,
    async [Symbol.asyncDispose]() {
      stdin.end();
      await closed;
    },
  };
}
