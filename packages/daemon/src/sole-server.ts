import type { ConnectionSelector, ConnectionStatus, FtpServer, ListeningAddress, OwnLedger } from "@sallyport/server";
import type { Serving } from "./serving.ts";

/** A service that serves in its own process; the server shares its TLS profile, so that certificates need no telling. */
export class SoleServer implements Serving {
  readonly ledger: OwnLedger;
  readonly #server: FtpServer;

  constructor(server: FtpServer, ledger: OwnLedger) {
    this.#server = server;
    this.ledger = ledger;
  }

  listen(): Promise<readonly ListeningAddress[]> {
    return this.#server.listen();
  }

  async begin(): Promise<void> {}

  replaceIdentities(): void {}

  async connections(): Promise<readonly ConnectionStatus[]> {
    return this.#server.connections();
  }

  async disconnect(selector: ConnectionSelector, text: string, cause?: string): Promise<number> {
    return this.#server.disconnect(selector, text, cause);
  }

  close(patience: { readonly graceMs: number }): Promise<void> {
    return this.#server.close(patience);
  }

  /** The end of the process does it. */
  cut(): void {}
}
