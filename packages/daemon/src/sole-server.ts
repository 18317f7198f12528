import { limitValues } from "@sallyport/protocol";
import type {
  ConnectionSelector,
  ConnectionStatus,
  FtpServer,
  ListeningAddress,
  OwnLedger,
  ReviewedLogins,
} from "@sallyport/server";
import { limitsOf, reconfigureServer, type ServerParts, type ServiceChanges, type Serving } from "./serving.ts";

/** A service that serves in its own process; the server shares its TLS profile, so that certificates need no telling. */
export class SoleServer implements Serving {
  readonly ledger: OwnLedger;
  readonly #parts: ServerParts;
  readonly #server: FtpServer;

  constructor(parts: ServerParts, ledger: OwnLedger) {
    this.#parts = parts;
    this.#server = parts.server;
    this.ledger = ledger;
  }

  listen(): Promise<readonly ListeningAddress[]> {
    return this.#server.listen();
  }

  async begin(): Promise<void> {}

  replaceIdentities(): void {}

  async reconfigure(changes: ServiceChanges): Promise<void> {
    reconfigureServer(this.#parts, changes);
    this.ledger.limitsAre(limitValues(limitsOf(changes.settings)));
  }

  reviewLogins(): Promise<ReviewedLogins> {
    return this.#server.reviewLogins();
  }

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
