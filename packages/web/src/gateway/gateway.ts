import { createAdaptorServer } from "@hono/node-server";
import { pageDirectory } from "#page-directory";
import { once } from "node:events";
import type { Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { defaultAuthorities, type SecurityMechanism } from "@sallyport/transport";
import { gatewayApp } from "./app.ts";
import { isLoopback, Rates, VisitorCookie } from "./guard.ts";
import { boundConnections } from "./http-connections.ts";
import { sharesOfTransfers } from "./logins/transfers.ts";
import { sharesOfLogins, Visitors } from "./logins/visitors.ts";
import { Page } from "./page.ts";
import { TargetPolicy } from "./targets/target-policy.ts";
import { PartsInTurn } from "./files/parts-in-turn.ts";
import { Tickets } from "./files/tickets.ts";

export interface GatewayOptions {
  /** An IP address. */
  readonly listen: string;
  /** 0 for one that the system chooses. */
  readonly port: number;
  readonly version: string;
  /** PEM; without it the gateway speaks HTTP. */
  readonly tls?: { readonly certificate: string | Uint8Array; readonly key: string | Uint8Array };
  /** What the browser's address bar shows, where that is not where the gateway listens. */
  readonly publicUrl?: string;
  /** A proxy in front tells who asks. */
  readonly isBehindProxy?: boolean;
  /** Targets that may be reached wherever they are: hosts, `*.domain`, addresses, networks, with `:port` or without. */
  readonly allowTargets?: readonly string[];
  /** Whether nothing else may be. */
  readonly onlyAllowedTargets?: boolean;
  readonly allowPrivate?: boolean;
  /** Lends its ticket to whoever reaches the page; it stays the caller's. */
  readonly kerberos?: SecurityMechanism;
  /** PEM of authorities that are trusted beside the system's. */
  readonly authorities?: string;
  /** Told of what should not happen; it may go into a log. */
  readonly onFailure?: (error: unknown) => void;
}

/** The online client: its page, and the HTTP interface that leads from it to FTP servers. */
export class Gateway implements AsyncDisposable {
  readonly #server: Server;
  readonly #visitors: Visitors;

  /** Listens. Rejects with the system's error where it cannot. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const { listen, port, version, tls, publicUrl, isBehindProxy = false, onFailure = () => {} } = options;
    const isPersonal = isLoopback(listen) && publicUrl === undefined && !isBehindProxy;
    const { allowTargets: allowed = [], onlyAllowedTargets: onlyAllowed = false, allowPrivate = false } = options;
    const policy = new TargetPolicy({ allowsLoopback: isPersonal, allowsPrivate: allowPrivate, allowed, onlyAllowed });
    const authorities =
      options.authorities === undefined || options.authorities === ""
        ? undefined
        : [...(await defaultAuthorities()), options.authorities];
    // Through a proxy nobody sees where a connection leads.
    const { kerberos } = options;
    const offer = { proxies: isPersonal && !onlyAllowed, kerberos: kerberos !== undefined };
    const shares = { logins: sharesOfLogins(), transfers: sharesOfTransfers() };
    const grounds = { policy, authorities, offer, kerberos, ...shares };
    const visitors = new Visitors(grounds);
    const reached = { listen, publicUrl, isTls: tls !== undefined, isBehindProxy };
    const cookie = new VisitorCookie(reached);
    const held = { tickets: new Tickets(), partsInTurn: new PartsInTurn(), rates: new Rates() };
    const parts = { visitors, grounds, ...held, cookie, reached, onFailure };
    const app = gatewayApp({ ...parts, servesStrangers: !isPersonal }, new Page(await pageDirectory()), version);
    const server = createAdaptorServer({
      fetch: app.fetch,
      ...(tls
        ? {
            createServer: createTlsServer,
            serverOptions: { highWaterMark, cert: pemOf(tls.certificate), key: pemOf(tls.key) },
          }
        : { serverOptions: { highWaterMark } }),
    }) as Server;
    // An upload takes as long as it takes; headers do not.
    server.requestTimeout = 0;
    server.headersTimeout = 15_000;
    boundConnections(server, { isBehindProxy });
    server.listen(port, listen);
    await once(server, "listening");
    return new Gateway(server, visitors);
  }

  private constructor(server: Server, visitors: Visitors) {
    this.#server = server;
    this.#visitors = visitors;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Forgets all logins and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    await this.#visitors[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** What is on its way between the two connections of a transfer, so that neither waits for the other at each chunk. */
const highWaterMark = 1024 * 1024;

function pemOf(pem: string | Uint8Array): string {
  return typeof pem === "string" ? pem : Buffer.from(pem).toString("latin1");
}
