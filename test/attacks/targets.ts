import { FtpDriver, startTestServer } from "@sallyport/testing";
import { terminalLine } from "../../packages/daemon/src/log/terminal-line.ts";
import { anyCertificate, type Approach, type Attack, type Target } from "./attack.ts";
import { startBrokenServer } from "./broken-server.ts";

/** A server of ours, set up as the attack asks. */
export async function ourTarget({ setup = {} }: Pick<Attack, "setup">): Promise<Target & AsyncDisposable> {
  const options = typeof setup === "function" ? await setup() : setup;
  const server = await startTestServer({ ...options, observer: { transcript: true, onEvent: () => undefined } });
  const log = () => server.events.map((event) => terminalLine(event, { terminal: false, colours: false })).join("");
  return target(server, log);
}

/** The server with all the holes. */
export async function brokenTarget(): Promise<Target & AsyncDisposable> {
  const server = await startBrokenServer();
  return target(server, () => server.log());
}

interface Reachable extends AsyncDisposable {
  readonly explicitPort: number;
  readonly implicitPort: number;
  readonly directory: string;
}

function target(server: Reachable, log: () => string): Target & AsyncDisposable {
  const { explicitPort, implicitPort, directory } = server;
  const greeted = async ({ from, timeoutMs }: Approach = {}): Promise<FtpDriver> => {
    const driver = await FtpDriver.connect(explicitPort, {
      ...(from === undefined ? {} : { localAddress: from }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    await driver.reply();
    return driver;
  };
  const loggedIn = async (user = "alice", approach: Approach = {}): Promise<FtpDriver> => {
    const driver = await greeted(approach);
    await driver.logIn(user, "secret", { ...anyCertificate, ...approach.tls });
    await driver.expect("TYPE I", 200);
    return driver;
  };
  return {
    explicitPort,
    implicitPort,
    directory,
    greeted,
    loggedIn,
    log,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
