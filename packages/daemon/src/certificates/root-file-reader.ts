import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { ConfigError } from "@sallyport/protocol";
import { pemBytesMax } from "./pem-files.ts";

/**
 * A process that keeps the rights of root when the server gives its own up, for files that root alone may read, such as
 * the keys of Let's Encrypt. It is a dozen lines of shell which know the paths from their start, take no input but the
 * request to read them all, and send what they read up the pipe. It ends with the server, whose end closes the pipe.
 */
export class RootFileReader implements Disposable {
  readonly #files: readonly string[];
  readonly #child: ReturnType<typeof startShell>;
  #turn: Promise<unknown> = Promise.resolve();

  /** Starts it with the rights that this process has; `files` are all that it will ever read. */
  constructor(files: readonly string[]) {
    this.#files = [...new Set(files.map((file) => resolve(file)))];
    this.#child = startShell(this.#files);
  }

  /** The number of its process. */
  get processId(): number {
    return this.#child.pid ?? 0;
  }

  /** Reads all files anew; what could not be read is missing. Rejects with ConfigError SALLYPORT_INPUT_UNREADABLE. */
  read(): Promise<ReadonlyMap<string, string>> {
    const result = this.#turn.then(() => this.#readAll());
    this.#turn = result.catch(() => undefined);
    return result;
  }

  [Symbol.dispose](): void {
    this.#child.stdin.end();
  }

  async #readAll(): Promise<ReadonlyMap<string, string>> {
    const { stdin, stdout } = this.#child;
    const { promise, resolve: settle, reject } = Promise.withResolvers<ReadonlyMap<string, string>>();
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      const parts = Buffer.concat(chunks).toString("latin1").split("\0");
      if (parts.length <= this.#files.length * 2) return;
      settle(new Map(this.#files.flatMap((file, at) => readFile(file, parts[at * 2], parts[at * 2 + 1]))));
    };
    const fail = () => reject(gone());
    const timer = setTimeout(fail, patienceMs);
    stdout.on("data", take).once("close", fail);
    try {
      if (stdout.destroyed) throw gone();
      stdin.write("\n");
      return await promise;
    } finally {
      clearTimeout(timer);
      stdout.off("data", take).off("close", fail);
    }
  }
}

const patienceMs = 10_000;

/** After each file its octets are ended by NUL, which no PEM file has, the status of the reading, and NUL. */
const script = `trap '' INT TERM HUP QUIT USR1 USR2
while read -r request; do
  for file; do head -c ${pemBytesMax + 1} -- "$file"; printf '\\000%d\\000' "$?"; done
done`;

function startShell(files: readonly string[]) {
  const child = spawn("/bin/sh", ["-c", script, "sallyport: reads certificates", ...files], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    cwd: "/",
    detached: true,
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.stdout.on("error", () => undefined);
  // The server does not live on for its sake.
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as { unref?(): void }).unref?.();
  return child;
}

function readFile(file: string, content: string | undefined, status: string | undefined): [string, string][] {
  return status === "0" && content !== undefined && content.length <= pemBytesMax ? [[file, content]] : [];
}

function gone(): ConfigError {
  const message = "The process that reads certificates as root has gone: start the server again";
  return new ConfigError("SALLYPORT_INPUT_UNREADABLE", message);
}
