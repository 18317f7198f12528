import type { Gateway } from "@sallyport/web";
import { packageVersion } from "./version.ts";

export interface DemoWebOptions {
  /** Undefined: the usual one, or one that the system chooses where that is in use. */
  readonly port: number | undefined;
  /** File of the authority whose servers are trusted. */
  readonly authority: string;
  readonly onFailure: (error: unknown) => void;
}

/** A client in a browser beside the demonstration, for this machine alone. */
export interface DemoWeb extends AsyncDisposable {
  readonly url: string;
}

/** Starts it. Rejects with the system's error where a port that was named is in use. */
export async function startDemoWeb({ port, authority, onFailure }: DemoWebOptions): Promise<DemoWeb> {
  const [web, { readFile }] = await Promise.all([import("@sallyport/web"), import("node:fs/promises")]);
  const authorities = await readFile(authority, "utf8");
  const start = (chosen: number): Promise<Gateway> =>
    web.Gateway.start({ listen, port: chosen, version: packageVersion(), authorities, onFailure });
  const gateway = await start(port ?? usualPort).catch((error: unknown) => {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (port === undefined && isTaken) return start(0);
    throw error;
  });
  return {
    url: `http://${listen}:${gateway.port}/`,
    [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose](),
  };
}

const listen = "127.0.0.1";
const usualPort = 8080;
