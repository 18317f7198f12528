import { isSallyportError } from "@sallyport/protocol";
import type { FtpServer, ListenerOptions, ServerEvent } from "@sallyport/server";
import type { ServerTlsProfile } from "@sallyport/transport";
import { AccountDatabase } from "@sallyport/server/accounts";
import type { Socket } from "node:net";
import { viewOf } from "../log/event-table.ts";
import { createTls, openServer, policiesOf, reconfigureServer, type ServerParts } from "../serving.ts";
import { stateDirectory } from "../state-directory.ts";
import type { Handover, PrimaryCalls, StartFailure, WorkerBrief, WorkerCalls } from "./contract.ts";
import { EventReport } from "./event-report.ts";
import { Exchange, type Port } from "./exchange.ts";
import { RemoteLedger } from "./remote-ledger.ts";

/** A worker that serves: what it makes of the primary's brief. */
interface Begun {
  readonly server: FtpServer;
  readonly parts: ServerParts;
  readonly tls: ServerTlsProfile;
  readonly ledger: RemoteLedger;
  readonly listeners: readonly ListenerOptions[];
  readonly undo: AsyncDisposableStack;
}

/** What a worker process does: it serves the connections that the primary hands over, and asks it what it must. */
export class ServiceWorker {
  readonly #primary: Exchange<WorkerCalls, PrimaryCalls>;
  readonly #report: EventReport;
  #begun: Begun | undefined;

  /** `end` ends the process. */
  constructor(port: Port, end: () => void) {
    this.#primary = new Exchange<WorkerCalls, PrimaryCalls>(port, {
      begin: (brief) => this.#begin(brief),
      serve: (handover, socket) => this.#serve(handover, socket),
      replaceIdentities: (identities) => this.#begun?.tls.replaceIdentities(identities),
      reconfigure: (changes) => this.#reconfigure(changes),
      reviewLogins: () => this.#serving.server.reviewLogins(),
      connections: () => this.#serving.server.connections(),
      disconnect: ({ selector, text, cause }) => this.#serving.server.disconnect(selector, text, cause),
      close: async (patience) => {
        await this.#close(patience);
        end();
      },
      shareRate: (share) => void this.#begun?.ledger.shareRate(share),
      sizeOf: (owner) => this.#serving.ledger.sizeOf(owner),
      yieldQuota: (owner) => this.#begun?.ledger.yieldQuota(owner) ?? 0,
    });
    this.#report = new EventReport(this.#primary);
  }

  /** Takes a message of the primary. */
  receive(message: unknown, socket: Socket | undefined): void {
    this.#primary.receive(message, socket);
  }

  get #serving(): Begun {
    if (this.#begun === undefined) throw new Error("the worker does not serve yet");
    return this.#begun;
  }

  async #begin(brief: WorkerBrief): Promise<StartFailure | undefined> {
    const { settings, material, transcript, quiet, uploadDigest } = brief;
    await using undo = new AsyncDisposableStack();
    try {
      const tls = await createTls(settings, material);
      const ledger = new RemoteLedger(this.#primary, brief.identityKey);
      const observer = {
        transcript,
        ...(uploadDigest && { uploadDigest }),
        onEvent: quiet ? (event: ServerEvent) => isLoud(event) && this.#report.onEvent(event) : this.#report.onEvent,
      };
      const accounts = undo.use(await AccountDatabase.open(stateDirectory(settings.statePath).accounts));
      const parts = await openServer(settings, { accounts, tls, material, observer, ledger }, undo);
      const { server } = parts;
      await server.prepare();
      const { listeners } = policiesOf(settings, material.fxpAuthorities);
      this.#begun = { server, parts, tls, ledger, listeners, undo: undo.move() };
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  async #reconfigure({ settings, material }: Pick<WorkerBrief, "settings" | "material">): Promise<void> {
    const tls = await createTls(settings, material);
    reconfigureServer(this.#serving.parts, { settings, material, tls });
    this.#begun = { ...this.#serving, tls, listeners: policiesOf(settings, material.fxpAuthorities).listeners };
  }

  #serve({ listener: at, admitted }: Handover, socket: Socket | undefined): void {
    const gone = () => this.#primary.tell("gone", 1);
    this.#primary.tell("took", 1);
    const listener = this.#begun?.listeners[at];
    if (socket === undefined || this.#begun === undefined || listener === undefined) {
      // It was closed before it could be handed over.
      if (admitted !== undefined) this.#primary.tell("closed", admitted.connection);
      socket?.destroy();
      return gone();
    }
    socket.once("close", gone);
    const { server } = this.#begun;
    // When the primary has been told, so that nobody else greets the peer where this process dies after it has.
    setImmediate(() => server.serve(socket, listener, admitted));
  }

  async #close(patience: { readonly graceMs: number }): Promise<void> {
    const begun = this.#begun;
    await begun?.server.close(patience);
    await begun?.undo.disposeAsync();
    await this.#report.flushed();
    this.#primary.flush();
  }
}

function isLoud(event: ServerEvent): boolean {
  return event.kind === "transfer" || !["debug", "info"].includes(viewOf(event).level);
}

/** An error in parts that survive the way to another process. */
function failureOf(error: unknown): StartFailure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), code: undefined };
  return { name: error.name, message: error.message, code: isSallyportError(error) ? error.code : undefined };
}
