import { type ClientHello, extensionTypes, offeredTickets } from "@sallyport/protocol";
import type { Server } from "node:net";
import type { SecureContext, TLSSocket, TLSSocketOptions } from "node:tls";
import { type HelloRefusal, negotiatesTls12, tls12 } from "./client-hello-verdict.ts";
import { randomOctets } from "./random-octets.ts";
import { createSessionIdCache } from "./session-id-cache.ts";
import { keyName, releaseContext, ruleTickets, ticketKeyBytes, ticketNameBytes } from "./ticket-key-hook.ts";
import type { IdentityGroup, ServerTlsProfile } from "./tls-profile.ts";

/**
 * Who is known to send first on a data connection: `sends`, a RETR or a listing arrived before the ClientHello, so that
 * the peer reads; `may-receive`, it may become an upload, whose client may never read.
 */
export type DataUsage = "sends" | "may-receive";

/**
 * Binds data connections to one control connection: its tickets are minted with keys that nothing else has, so that a
 * data connection that resumes one belongs to the same client (R-TLS-34, S-08).
 *
 * The control connection's handshake runs on a context that all control connections of a profile share and that mints
 * each ticket with the keys of the connection whose octets are being read; that spares 33 KiB and 0.25 ms a login
 * against a context for each. Data connections use contexts of this binding, made when first needed: one for
 * `may-receive` that sends no tickets, since a client that never reads turns them into a reset and a torn upload, and
 * one for `sends` that renews them, for clients that use a ticket once.
 *
 * A hello that brings a ticket of this connection is answered without ML-KEM where it has a key share for that: what
 * protects the data then comes from the control connection's key exchange as well, by way of the ticket, and its keys
 * are gone with the control connection. It saves the server about 50 µs for each file (Node 26.10).
 *
 * Without the ticket-key hook each binding has a context of its own with these keys from the start; a `may-receive`
 * handshake without a ticket of ours is then held to TLS 1.2, whose tickets come inside the handshake and do no harm,
 * where the client offers it.
 */
export class ControlTlsBinding implements Disposable {
  readonly #profile: ServerTlsProfile;
  readonly #group: IdentityGroup;
  readonly #keys = randomOctets(ticketKeyBytes);
  readonly #contexts = new Map<ContextKind, SecureContext>();
  readonly #usedTickets = new Set<string>();
  readonly #handshakes = new Set<Pick<TLSSocket, "isSessionReused">>();
  #sessionIds: Server | undefined;
  #minted = 0;
  #resumptions = 0;
  #reusesTickets = false;

  constructor(profile: ServerTlsProfile, group: IdentityGroup) {
    this.#profile = profile;
    this.#group = group;
  }

  /** Options of the TLSSocket for the control connection's own handshake. */
  controlTlsOptions(hello: ClientHello): TLSSocketOptions {
    const context = this.#profile.ruledTickets ? sharedContext(this.#profile, this.#group) : this.#context("own");
    return this.#tlsOptions(hello, context, controlAlpn);
  }

  /** Whether clients are asked for a certificate. */
  get asksForCertificates(): boolean {
    return this.#profile.clientCertificates !== undefined;
  }

  /** Judges the hello of a data connection by the rules of the profile; undefined lets the handshake go on. */
  judgeDataHello(hello: ClientHello): HelloRefusal | undefined {
    return this.#profile.judgeDataHello(hello);
  }

  /** Options of the TLSSocket for a data connection, chosen after its ClientHello was read. */
  dataTlsOptions(hello: ClientHello, usage: DataUsage): TLSSocketOptions {
    return this.#tlsOptions(hello, this.dataContext(hello, usage), dataAlpn);
  }

  /** The context alone of {@link dataTlsOptions}. */
  dataContext(hello: ClientHello, usage: DataUsage): SecureContext {
    if (!this.#profile.resumesData) return this.#context(this.#profile.ruledTickets ? "silent" : "unbound");
    if (this.#profile.ruledTickets) {
      // In TLS 1.2 tickets are used again, and one that is renewed makes OpenSSL drop the old one without telling its
      // application about the new (session_new_cb is not called): Ruby and PHP would resume once and never again.
      const isTls12 = negotiatesTls12(hello, this.#profile.demands);
      const renews = usage === "sends" && !isTls12;
      const isLight =
        !isTls12 && this.#offersOwnTicket(hello) && hello.keyShareGroups.some((group) => classical.has(group));
      if (isLight) return this.#context(renews ? "renewing-lightly" : "silent-lightly");
      return this.#context(renews ? "renewing" : "silent");
    }
    const mayStayTls12 = hello.supportedVersions.includes(tls12) && this.#profile.demands.minVersion <= tls12;
    const wouldMint = usage === "may-receive" && !this.#offersOwnTicket(hello);
    return this.#context(wouldMint && mayStayTls12 ? "tls12" : "own");
  }

  /** Runs `feed`, which hands octets of the control connection to TLS, so that tickets made meanwhile are its own. */
  mintWhile(feed: () => void): void {
    const outer = minting;
    minting = this.#mint;
    try {
      feed();
    } finally {
      minting = outer;
    }
  }

  /**
   * Notes a data connection whose handshake runs, until the result is disposed. A ticket is minted for a handshake that
   * resumed alone: whoever steals a data connection by a full handshake would else get the proof that it lacked (S-08).
   */
  shakingHands(socket: Pick<TLSSocket, "isSessionReused">): Disposable {
    this.#handshakes.add(socket);
    // Node tells that the handshake is done right before OpenSSL mints its tickets.
    return { [Symbol.dispose]: () => void setImmediate(() => this.#handshakes.delete(socket)) };
  }

  /** Notes that a data connection of this control connection resumed; with its hello, also what became of its ticket. */
  noteResumed(hello?: ClientHello): void {
    this.#resumptions++;
    if (this.#reusesTickets) return;
    // Single use is a rule of TLS 1.3; a client of TLS 1.2 keeps what it resumed with.
    if (hello && negotiatesTls12(hello, this.#profile.demands)) this.#reusesTickets = true;
    const ticket = hello && offeredTickets(hello).find((offered) => this.#isOwn(offered));
    if (!ticket) return;
    // What stands behind the name of the keys is random and in no two tickets the same.
    const mark = Buffer.from(ticket.subarray(ticketNameBytes, 2 * ticketNameBytes)).toString("latin1");
    if (this.#usedTickets.has(mark)) this.#reusesTickets = true;
    // Single-use clients show within their first tickets; a few are enough to remember.
    else if (this.#usedTickets.size < rememberedTicketsMax) this.#usedTickets.add(mark);
  }

  /** Whether a data connection of this control connection ever resumed. */
  get clientHasResumed(): boolean {
    return this.#resumptions > 0;
  }

  /**
   * Whether the client may have no ticket left: it has resumed as often as tickets were minted for it, and never used
   * one twice (curl from 8.12 on, RFC 8446 appendix C.4).
   */
  get ticketsSpent(): boolean {
    return !this.#reusesTickets && this.#resumptions >= this.#minted;
  }

  /** Whether the hello brings tickets and none of them was minted by this control connection. */
  offersForeignTicket(hello: ClientHello): boolean {
    return helloBringsTicket(hello) && !this.#offersOwnTicket(hello);
  }

  /** Releases the contexts; connections that use them go on. */
  [Symbol.dispose](): void {
    for (const context of this.#contexts.values()) releaseContext(context);
    this.#contexts.clear();
  }

  /** Tickets of data connections; which of several handshakes asks cannot be told, so all of them must have resumed. */
  readonly #renew = (): Uint8Array | undefined => {
    const resumed = [...this.#handshakes].every((socket) => socket.isSessionReused());
    return resumed && this.#handshakes.size > 0 ? this.#mint() : undefined;
  };

  readonly #mint = (): Uint8Array | undefined => {
    if (!this.#profile.resumesData) return undefined;
    this.#minted++;
    return this.#keys;
  };

  #tlsOptions(hello: ClientHello, secureContext: SecureContext, ALPNProtocols: string[]): TLSSocketOptions {
    const { clientCertificates } = this.#profile;
    const knowsNoTickets = negotiatesTls12(hello, this.#profile.demands) && hello.sessionTicketLength === undefined;
    const needsIds = knowsNoTickets && this.#profile.resumesData;
    if (needsIds) this.#sessionIds ??= createSessionIdCache();
    return {
      isServer: true,
      secureContext,
      ALPNProtocols,
      requestCert: clientCertificates !== undefined,
      rejectUnauthorized: clientCertificates?.demand === "require",
      ...(needsIds && { server: this.#sessionIds }),
    };
  }

  #offersOwnTicket(hello: ClientHello): boolean {
    return offeredTickets(hello).some((ticket) => this.#isOwn(ticket));
  }

  /** Tickets begin with the name of their keys. */
  #isOwn(ticket: Uint8Array): boolean {
    return Buffer.compare(ticket.subarray(0, ticketNameBytes), keyName(this.#keys)) === 0;
  }

  #context(kind: ContextKind): SecureContext {
    const known = this.#contexts.get(kind);
    if (known) return known;
    const context = this.#createContext(kind);
    this.#contexts.set(kind, context);
    return context;
  }

  #createContext(kind: ContextKind): SecureContext {
    const ruled = ruledKinds[kind];
    if (ruled) {
      const context = this.#profile.createContext(this.#group, ruled.extra);
      ruleTickets(context, {
        mint: ruled.renews ? this.#renew : () => undefined,
        accept: (name) => (this.#profile.resumesData && this.#isOwn(name) ? this.#keys : undefined),
        renews: ruled.renews,
      });
      return context;
    }
    // Node mints two tickets for each full TLS 1.3 handshake, which no public call can count.
    if (kind === "own") this.#minted = 2;
    return this.#profile.createContext(this.#group, {
      ticketKeys: Buffer.from(kind === "unbound" ? randomOctets(ticketKeyBytes) : this.#keys),
      ...(kind === "tls12" && { maxVersion: "TLSv1.2" }),
    });
  }
}

/** Whether the client tries to resume: by ticket in TLS 1.3 and 1.2, by session ID where it knows no tickets. */
export function helloBringsTicket(hello: ClientHello): boolean {
  if (offeredTickets(hello).length > 0) return true;
  const knowsTickets = hello.extensions.some(
    ({ type }) => type === extensionTypes.sessionTicket || type === extensionTypes.supportedVersions,
  );
  return !knowsTickets && hello.sessionIdLength > 0;
}

/** Those that rule tickets exist with the hook; `own`, `tls12` and, where data may not resume, `unbound` without it. */
type ContextKind = RuledKind | "own" | "tls12" | "unbound";
type RuledKind = "silent" | "renewing" | "silent-lightly" | "renewing-lightly";

/** Every group of OpenSSL's own list on elliptic curves alone, by name and by code point. */
const classicalGroups = "X25519:P-256:X448:P-384:P-521";
const classical: ReadonlySet<number> = new Set([0x1d, 0x17, 0x1e, 0x18, 0x19]);

const ruledKinds: Readonly<
  Partial<Record<ContextKind, { readonly renews: boolean; readonly extra?: { readonly ecdhCurve: string } }>>
> = {
  silent: { renews: false },
  renewing: { renews: true },
  "silent-lightly": { renews: false, extra: { ecdhCurve: classicalGroups } },
  "renewing-lightly": { renews: true, extra: { ecdhCurve: classicalGroups } },
};

const rememberedTicketsMax = 8;

/** RFC 7301 registers `ftp` for control connections; FileZilla asks for `ftp-data` on data connections. */
const controlAlpn = ["ftp"];
const dataAlpn = ["ftp", "ftp-data"];

/** Mints for the binding whose control connection is being read; nobody's octets, no ticket. */
let minting: (() => Uint8Array | undefined) | undefined;

const sharedContexts = new WeakMap<ServerTlsProfile, WeakMap<IdentityGroup, SecureContext>>();

function sharedContext(profile: ServerTlsProfile, group: IdentityGroup): SecureContext {
  const contexts = sharedContexts.get(profile) ?? new WeakMap<IdentityGroup, SecureContext>();
  sharedContexts.set(profile, contexts);
  const known = contexts.get(group);
  if (known) return known;
  const context = profile.createContext(group);
  // A new control connection resumes nothing: the keys of the old one are gone.
  ruleTickets(context, { mint: () => minting?.(), accept: () => undefined, renews: false });
  contexts.set(group, context);
  return context;
}
