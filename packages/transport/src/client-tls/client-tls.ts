import { limits, TlsError, UsageError } from "@sallyport/protocol";
import { isIP, type Socket } from "node:net";
import { connect, type ConnectionOptions, type SecureContext, type TLSSocket } from "node:tls";
import { hostForDialling } from "../dialing/proxy-url.ts";
import type { TlsAgreement } from "../tls-facts.ts";
import { certificateFingerprint } from "../tls-identity.ts";
import { type ClientContext, clientContext, type ClientOffer, dataContext } from "./client-context.ts";
import type { ClientTrust, TrustedBy } from "./client-trust.ts";
import { ControlWire } from "./control-wire.ts";
import {
  handshakeBrokenOff,
  type HandshakeCircumstances,
  type HandshakeError,
  handshakeFailed,
  handshakeTimeout,
} from "./handshake-failure.ts";
import { type PeerCertificateFacts, readPeerCertificate } from "./peer-certificate.ts";
import { parsePin, type Pin } from "./pins.ts";
import { TicketStore } from "./ticket-store.ts";
import { CertificateError, decideTrust } from "./trust-decision.ts";

export interface ClientTlsOptions extends ClientOffer {
  /** As the user named it: what the certificate must be for. */
  readonly host: string;
  /** Part of the name under which a trust store knows the server. */
  readonly port: number;
  /** The host name to ask for and to verify, where it is not `host`. */
  readonly servername?: string;
  readonly trust?: ClientTrust;
  /**
   * Whether data connections resume the TLS of the control connection: `require` refuses those that do not, `prefer`
   * (default) tries, `off` does not even try.
   */
  readonly resumption?: "require" | "prefer" | "off";
  /** Whether the control connection offers the protocol name `ftp` (ALPN, R-TLS-13). Default true. */
  readonly alpn?: boolean;
}

/** What was agreed in the handshake of a control connection. */
export interface ClientTlsFacts extends TlsAgreement {
  /** The server's certificate with the authorities' verdict. */
  readonly certificate: PeerCertificateFacts;
  readonly trustedBy: TrustedBy;
}

export interface ControlTls {
  /**
   * Carries the dialogue; paused, with nothing read. Ending it sends close_notify and FIN, destroying it closes TCP. It
   * ends (`end`) with the server's close_notify or FIN.
   */
  readonly socket: TLSSocket;
  readonly facts: ClientTlsFacts;
  /**
   * Ends TLS and goes on in clear (CCC): resolves to the TCP connection, paused, when both sides have said close_notify.
   * The caller bounds the wait. Rejects with TlsError `SALLYPORT_TLS_NOT_LEFT`.
   */
  leave(): Promise<Socket>;
  /**
   * Puts an error of `socket` into words: with TLS 1.3 a server refuses a client's certificate only after the client's
   * handshake is done.
   */
  explain(cause: Error): HandshakeError;
}

/**
 * The client's side of TLS for one control connection and its data connections: one identity, one decision of trust, one
 * store of tickets.
 */
export class ClientTls {
  readonly #options: ClientTlsOptions;
  readonly #context: ClientContext;
  readonly #pins: readonly Pin[];
  readonly #tickets = new TicketStore();
  readonly #host: string;
  #control: ControlFacts | undefined;
  #dataContext: SecureContext | undefined;

  /** @throws {ConfigError} SALLYPORT_TLS_CONFIG, SALLYPORT_PIN_UNREADABLE; {UsageError} SALLYPORT_HOST_INVALID */
  static async create(options: ClientTlsOptions): Promise<ClientTls> {
    const trust = options.trust ?? {};
    const pins = (trust.pins ?? []).map((pin) => parsePin(pin));
    return new ClientTls(options, await clientContext(options, trust), pins);
  }

  private constructor(options: ClientTlsOptions, context: ClientContext, pins: readonly Pin[]) {
    this.#options = options;
    this.#context = context;
    this.#pins = pins;
    this.#host = asciiHost(options.servername ?? options.host);
  }

  /**
   * Makes the handshake of the control connection and decides whether its server is trusted. The timeout is for the
   * handshake; `verify` and the trust store take their own time.
   *
   * Rejects with HandshakeError `SALLYPORT_HANDSHAKE_FAILED` and `_TIMEOUT`, TlsError `SALLYPORT_NOT_TLS`, and as
   * {@link decideTrust}; an abort rejects with the signal's reason. After any of them the connection is closed; a server
   * that is not trusted is told QUIT first and nothing else (R-4217-08).
   *
   * @param tcp connected and paused.
   */
  async startControl(
    tcp: Socket,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<ControlTls> {
    options.signal?.throwIfAborted();
    const wire = new ControlWire(tcp, this.#serverText);
    const socket = this.#connect(wire);
    try {
      await this.#shakeHands(wire, socket, options);
      const facts = await this.#judge(socket, options.signal);
      const explain = (cause: Error): HandshakeError => handshakeFailed(cause, this.#circumstances(wire));
      return { socket, facts, leave: () => wire.leave(), explain };
    } catch (error) {
      if (error instanceof CertificateError) dismiss(socket, tcp);
      else {
        socket.destroy();
        tcp.destroy();
      }
      throw error;
    }
  }

  /** The options for the next data connection: the control connection's own, and a ticket. */
  async dataOptions(): Promise<ConnectionOptions> {
    const alpn = this.#control?.alpn;
    this.#dataContext ??= dataContext(this.#options, this.#control?.group);
    const options = this.#connectionOptions(alpn === undefined ? undefined : [alpn], this.#dataContext);
    if (this.#options.resumption === "off") return options;
    const session = await this.#tickets.take(limits.firstTicketMs.value);
    return session ? { ...options, session } : options;
  }

  /**
   * Watches a data connection whose handshake begins: takes its tickets, and as soon as the handshake is done refuses it
   * where it must not go on. The socket is then destroyed with TlsError `SALLYPORT_NOT_RESUMED` or
   * `SALLYPORT_DATA_CERTIFICATE_CHANGED`.
   */
  dataStarted(socket: TLSSocket): void {
    this.#collectTickets(socket);
    socket.once("secureConnect", () => {
      const refusal = this.#refuseData(socket);
      if (refusal) socket.destroy(refusal);
    });
  }

  #connect(wire: ControlWire): TLSSocket {
    const alpn = (this.#options.alpn ?? true) ? ["ftp"] : undefined;
    const socket = connect({ ...this.#connectionOptions(alpn, this.#context.context), socket: wire.duplex });
    this.#collectTickets(socket);
    return socket;
  }

  get #serverText(): string {
    return `${this.#options.host} port ${this.#options.port}`;
  }

  #connectionOptions(ALPNProtocols: string[] | undefined, secureContext: SecureContext): ConnectionOptions {
    return {
      // Node ties tickets to these two, so they are the same on control and data connections.
      host: this.#host,
      ...(isIP(this.#host) === 0 && { servername: this.#host }),
      secureContext,
      ...(ALPNProtocols && { ALPNProtocols }),
      // The decision is ours, made once a handshake is done: Node shows no certificate that it refused.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    };
  }

  #collectTickets(socket: TLSSocket): void {
    if (this.#options.resumption === "off") return;
    // Listening is what makes Node tell of tickets, so it comes before the handshake.
    socket.on("session", (ticket: Buffer) => this.#tickets.add(ticket));
  }

  async #shakeHands(
    wire: ControlWire,
    socket: TLSSocket,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(handshakeTimeout(timeoutMs, this.#circumstances(wire))), timeoutMs);
    const onError = (cause: Error): void => reject(handshakeFailed(cause, this.#circumstances(wire)));
    const onGone = (): void => reject(handshakeBrokenOff(this.#circumstances(wire)));
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("secureConnect", resolve).once("error", onError).once("end", onGone).once("close", onGone);
    wire.carry(socket, reject);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.off("error", onError).off("end", onGone).off("close", onGone);
    }
  }

  async #judge(socket: TLSSocket, signal: AbortSignal | undefined): Promise<ClientTlsFacts> {
    const shown = socket.getPeerX509Certificate();
    if (!shown) throw new TlsError("SALLYPORT_HANDSHAKE_FAILED", `${this.#serverText} showed no certificate`);
    const certificate = readPeerCertificate(shown, {
      host: this.#host,
      verifyError: verifyErrorOf(socket),
      authorities: this.#context.authorities,
    });
    const decision = decideTrust(certificate, this.#options.trust ?? {}, this.#pins, this.#hostAndPort);
    const trustedBy = await orAborted(decision, signal);
    const key: { name?: unknown } | null = socket.getEphemeralKeyInfo();
    const group = typeof key?.name === "string" ? key.name : undefined;
    const alpn = socket.alpnProtocol || undefined;
    this.#control = { fingerprint: certificate.fingerprint, alpn, group };
    return {
      protocol: socket.getProtocol() ?? "unknown",
      suite: socket.getCipher().standardName,
      group,
      serverName: isIP(this.#host) === 0 ? this.#host : undefined,
      alpn,
      resumed: socket.isSessionReused(),
      certificate,
      trustedBy,
    };
  }

  get #hostAndPort(): string {
    const host = asciiHost(this.#options.host);
    return `${isIP(host) === 6 ? `[${host}]` : host}:${this.#options.port}`;
  }

  #circumstances(wire: ControlWire): HandshakeCircumstances {
    const { groups, maxVersion } = this.#options;
    const sentLargeHello = groups !== "small" && maxVersion !== "TLSv1.2";
    return { server: this.#serverText, sentLargeHello, heardAnything: wire.heardAnything };
  }

  /** A resumed connection belongs to the control connection's server: nobody else can read its ticket. */
  #refuseData(socket: TLSSocket): TlsError | undefined {
    if (socket.isSessionReused()) return undefined;
    if (this.#options.resumption === "require") {
      const message = `${this.#serverText} did not resume the TLS of the control connection on a data connection`;
      return new TlsError("SALLYPORT_NOT_RESUMED", message);
    }
    const shown = socket.getPeerX509Certificate();
    if (shown && certificateFingerprint(shown) === this.#control?.fingerprint) return undefined;
    const message = `${this.#serverText} shows another certificate on a data connection than on the control connection`;
    return new TlsError("SALLYPORT_DATA_CERTIFICATE_CHANGED", message);
  }
}

/** What data connections have in common with the control connection. */
interface ControlFacts {
  readonly fingerprint: string;
  readonly alpn: string | undefined;
  readonly group: string | undefined;
}

/** A host as certificates and server names have it: in ASCII and lower case, without a dot at its end (RFC 6066 §3). */
function asciiHost(host: string): string {
  const ascii = hostForDialling(host)?.toLowerCase().replace(/\.$/, "");
  if (ascii) return ascii;
  throw new UsageError("SALLYPORT_HOST_INVALID", "The name of the server cannot be a host");
}

/** The code of OpenSSL for what the authorities object to; Node's types call it an Error. */
function verifyErrorOf(socket: TLSSocket): string | undefined {
  const code: unknown = socket.authorizationError;
  if (socket.authorized) return undefined;
  return typeof code === "string" ? code : "UNVERIFIED";
}

/** Says good-bye to a server that is not trusted. */
function dismiss(socket: TLSSocket, tcp: Socket): void {
  const timer = setTimeout(() => tcp.destroy(), limits.lingerMs.value).unref();
  tcp.once("close", () => clearTimeout(timer));
  socket.on("error", () => {}).once("end", () => tcp.destroySoon());
  socket.resume();
  socket.end("QUIT\r\n");
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
