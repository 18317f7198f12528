import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { clientFailure } from "../client/client-failure.ts";
import type { Sink } from "./line.ts";

/** Where output goes in place of the terminal; disposing waits until it has arrived there. */
export interface OpenSink extends AsyncDisposable {
  readonly stream: Writable;
}

interface SinkPlace {
  readonly localDirectory: string;
  localPathOf(word: string): string;
}

/** Opens a file or starts a program. Rejects with a failure in words, and so does disposing where not all was written. */
export async function openSink(
  sink: Sink | undefined,
  { localDirectory, localPathOf }: SinkPlace,
): Promise<OpenSink | undefined> {
  if (sink === undefined) return undefined;
  if (sink.kind === "file") return openFile(localPathOf(sink.path), sink.appends);
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

async function openFile(path: string, appends: boolean): Promise<OpenSink> {
  const stream = createWriteStream(path, { flags: appends ? "a" : "w" });
  // Told when it is ended.
  stream.on("error", () => undefined);
  try {
    await once(stream, "open");
  } catch (error) {
    throw clientFailure(error, path);
  }
  return {
    stream,
    async [Symbol.asyncDispose]() {
      stream.end();
      try {
        await finished(stream);
      } catch (error) {
        throw clientFailure(error, path);
      }
    },
  };
}
