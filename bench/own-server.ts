import { startTestServer } from "@sallyport/testing";
import { fork } from "node:child_process";
import { once } from "node:events";

/** Where a server of ours listens, and who vouches for it. */
export interface OwnServer extends Disposable {
  readonly explicit: number;
  readonly implicit: number;
  readonly caFile: string;
}

/** Starts a server of ours in a process of its own, so that its processor time is not the caller's. */
export async function startOwnServer(): Promise<OwnServer> {
  const server = fork(import.meta.filename, [serveWord], { execArgv: ["--conditions=source"] });
  const [place] = (await once(server, "message")) as [Omit<OwnServer, keyof Disposable>];
  return { ...place, [Symbol.dispose]: () => server.disconnect() };
}

const serveWord = "--serve";

if (process.argv[2] === serveWord && process.argv[1] === import.meta.filename) {
  const { explicitPort: explicit, implicitPort: implicit, identity } = await startTestServer();
  process.send?.({ explicit, implicit, caFile: identity.caFile });
  process.once("disconnect", () => process.exit());
}
