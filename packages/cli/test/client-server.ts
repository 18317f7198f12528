import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";
import { type Outcome, runSallyport, scratchDirectory, serveAsIs } from "./run-sallyport.ts";
import { RunningServer } from "./running-server.ts";

/** A server with the account alice, whose files lie in `home`, and the command as her. */
export interface ClientServer {
  readonly scratch: string;
  /** What alice sees as /. */
  readonly home: string;
  readonly state: string;
  /** Begins of URLs; set when tests run. */
  readonly url: { explicit: string; implicit: string };
  /** Runs the command with her password and trust in the server. */
  run(words: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The same without either. */
  runBare(words: readonly string[], options?: RunOptions): Promise<Outcome>;
}

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export const password = "correct horse";

/** Starts the server before the tests of a file, and ends it behind them. */
export function clientServer(): ClientServer {
  const scratch = scratchDirectory();
  const [served, state, own] = [join(scratch, "served"), join(scratch, "state"), join(scratch, "own")];
  const home = join(served, "alice");
  for (const path of [home, own]) mkdirSync(path, { recursive: true });
  const url = { explicit: "", implicit: "" };
  let server: RunningServer | undefined;
  before(async () => {
    const added = await runSallyport(
      ["user", "add", "alice", "--home", "/alice", "--state", state, "--password-stdin"],
      {
        input: `${password}\n`,
      },
    );
    if (added.code !== 0) throw new Error(added.stderr);
    const ports = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
    server = new RunningServer(["serve", served, "--state", state, ...serveAsIs, ...ports]);
    url.explicit = `ftpes://alice@127.0.0.1:${await server.port("explicit")}`;
    url.implicit = `ftps://alice@127.0.0.1:${await server.port("implicit")}`;
  });
  after(async () => server?.stop("SIGKILL"));
  const runBare: ClientServer["runBare"] = (words, { input, environment } = {}) =>
    runSallyport(words, {
      ...(input !== undefined && { input }),
      // Neither the netrc nor the bookmarks of whoever runs the tests.
      environment: { HOME: own, XDG_CONFIG_HOME: join(own, ".config"), NETRC: join(own, ".netrc"), ...environment },
    });
  return {
    scratch,
    home,
    state,
    url,
    runBare,
    run: (words, { input, environment } = {}) =>
      runBare([...words, "--state", state], {
        ...(input !== undefined && { input }),
        environment: { SALLYPORT_PASSWORD: password, ...environment },
      }),
  };
}

/** Writes a file, and the directories above it. */
export function writeBelow(directory: string, name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}
