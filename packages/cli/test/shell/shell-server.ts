import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { clientServer, password, writeBelow } from "../client-server.ts";
import { runSallyport, type Outcome } from "../run-sallyport.ts";
import { Typist } from "./terminal.ts";

export interface ShellServer extends ReturnType<typeof clientServer> {
  /** Where the shell begins here. */
  readonly here: string;
  readonly stateHome: string;
  /** Runs commands without a terminal. */
  script(input: string, words?: readonly string[]): Promise<Outcome>;
  /** Opens a terminal with a shell on the server. */
  type(words?: readonly string[]): Typist;
}

/** A server with a tree, and the shell as alice. */
export function shellServer(): ShellServer {
  const server = clientServer();
  const { scratch, home, state, url } = server;
  const [here, stateHome, own] = [join(scratch, "here"), join(scratch, "state-home"), join(scratch, "own")];
  mkdirSync(here);
  for (const [name, content] of [
    ["pub/hello.txt", "hello\n"],
    ["pub/two words.txt", "two\n"],
    ["pub/a[1].txt", "brackets\n"],
    ["pub/a1.txt", "one\n"],
    ["pub/esc\u001B[2Jape.txt", "escape\n"],
    ["pub/open", "no line end"],
    ["pub/deep/down.txt", "down\n"],
    ["big.bin", new Uint8Array(3_000_000)],
  ] as const)
    writeBelow(home, name, content);
  const environment = {
    SALLYPORT_PASSWORD: password,
    HOME: own,
    XDG_CONFIG_HOME: join(own, ".config"),
    XDG_STATE_HOME: stateHome,
    NETRC: join(own, ".netrc"),
  };
  const common = ["--state", state];
  return {
    ...server,
    here,
    stateHome,
    script: (input, words = [url.explicit]) =>
      runSallyport(["shell", ...words, ...common], { input: `lcd '${here}'\n${input}`, environment }),
    type: (words = [url.explicit]) => new Typist(["shell", ...words, ...common], environment),
  };
}
