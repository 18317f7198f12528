import { startTestServer, type TestServer } from "@sallyport/testing";
import type { Mode, StockClient, TlsVersion } from "./client.ts";

/** What a server of the matrix is like. Plain FTP has no TLS version. */
export interface Variant {
  readonly mode: Mode;
  readonly tlsVersion?: TlsVersion;
  readonly address: "127.0.0.1" | "::1";
}

/** Servers of ours in this process, one for each variant of TLS and address, started when they are first needed. */
export class VariantServers implements AsyncDisposable {
  readonly #started = new Map<string, Promise<TestServer>>();
  readonly #client: StockClient;

  constructor(client: StockClient) {
    this.#client = client;
  }

  /** Explicit and implicit share a server; plain FTP has one of its own, which does not demand TLS. */
  get({ mode, tlsVersion, address }: Variant): Promise<TestServer> {
    const key = `${mode === "plain" ? "plain" : tlsVersion} ${address}`;
    const server = this.#started.get(key) ?? this.#start({ mode, address, ...(tlsVersion && { tlsVersion }) });
    this.#started.set(key, server);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = await Promise.allSettled(this.#started.values());
    const servers = started.filter((server) => server.status === "fulfilled");
    await Promise.all(servers.map(({ value }) => value[Symbol.asyncDispose]()));
  }

  #start({ mode, tlsVersion, address }: Variant): Promise<TestServer> {
    return startTestServer({
      address,
      listener: {
        requireTls: mode === "plain" ? "none" : "login,data",
        uncleanDataClose: this.#client.closesUncleanly === true ? "accept" : "refuse",
      },
      // What is not 1.2 is left to the two ends: both prefer 1.3.
      tls: tlsVersion === "TLSv1.2" ? { maxVersion: "TLSv1.2" } : {},
      observer: { transcript: true, onEvent: () => undefined },
    });
  }
}

export function portOf(server: TestServer, mode: Mode): number {
  return mode === "implicit" ? server.implicitPort : server.explicitPort;
}
