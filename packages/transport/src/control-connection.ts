import { limits, type LimitValues, type Octets, TlsError, UsageError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { provedDataPathHooks } from "./data-path-hooks.ts";
import { ControlHandshake, type TlsLayer } from "./control-handshake.ts";
import { canonicalAddress } from "./ip-address.ts";
import type { ControlTlsBinding } from "./tls-binding.ts";
import type { TlsFacts } from "./tls-facts.ts";
import type { ServerTlsProfile } from "./tls-profile.ts";
import { readIntoUserBuffer, sharedUserBuffer } from "./user-buffer-hook.ts";

/**
 * Why a control connection is over: `ended`, we said good-bye; `peer-closed`, the peer did, in TLS with a close_notify;
 * `truncated`, TCP ended inside TLS without one; `reset`, the network or the peer broke it off; `not-tls`, plain octets
 * came where TLS had to begin; `tls-refused`, our rules refused the hello or the certificate; `tls-error`, TLS failed;
 * `timeout`, a handshake or a close_notify took too long; `destroyed`, we broke it off.
 */
export type ControlEnding =
  | "ended"
  | "peer-closed"
  | "truncated"
  | "reset"
  | "not-tls"
  | "tls-refused"
  | "tls-error"
  | "timeout"
  | "destroyed";

/** Who is told what happens; never from inside a method of the connection. */
export interface ControlListener {
  /** Octets of commands; the memory is the listener's to keep. */
  onOctets(octets: Uint8Array): void;
  /** The peer will send no more. Replies still reach it until `end()`, which the listener owes in any case. */
  onPeerEnd(): void;
  /** All that was written has left, after `write` returned false. */
  onDrain?(): void;
  /** Called once, last. */
  onClosed(ending: ControlEnding, error: Error | undefined): void;
}

export interface ControlConnectionOptions {
  readonly limits?: Partial<LimitValues>;
  /** The client's real endpoint where a proxy stands between (PROXY protocol). */
  readonly peer?: { readonly address: string; readonly port: number };
}

export interface StartTlsOptions {
  /** Octets already read behind the line that asked for TLS; more than none is an injected command (S-01). */
  readonly octetsBehind?: number;
  /** The host that the client named by HOST, for clients without server_name (RFC 7151). */
  readonly hostName?: string | undefined;
}

/**
 * The server's end of one control connection: octets in and out, in clear or under TLS, which can start, end and start
 * again on the same TCP connection.
 *
 * It reads from the moment it is made, so the listener must be ready. It knows no lines and no replies, and sets no
 * timer but for handshakes, close_notify and lingering.
 */
export class ControlConnection implements AsyncDisposable {
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Settles when the connection is closed, with the reason. */
  readonly closed: Promise<ControlEnding>;
  readonly #tcp: Socket;
  readonly #listener: ControlListener;
  readonly #limits: Partial<LimitValues>;
  readonly #settleClosed: (ending: ControlEnding) => void;
  #state: State = { phase: "clear" };
  #binding: ControlTlsBinding | undefined;
  #ending: ControlEnding | undefined;
  #error: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  #owesDrain = false;

  /** @param tcp an accepted connection of which nothing was read yet, or whose octets were put back. */
  constructor(tcp: Socket, listener: ControlListener, options: ControlConnectionOptions = {}) {
    this.#tcp = tcp;
    this.#listener = listener;
    this.#limits = options.limits ?? {};
    const { promise, resolve } = Promise.withResolvers<ControlEnding>();
    this.closed = promise;
    this.#settleClosed = resolve;
    this.peerAddress = plainAddress(options.peer?.address ?? tcp.remoteAddress);
    this.peerPort = options.peer?.port ?? tcp.remotePort ?? 0;
    this.localAddress = plainAddress(tcp.localAddress);
    this.localPort = tcp.localPort ?? 0;
    tcp.allowHalfOpen = true;
    tcp
      .setNoDelay(true)
      .setKeepAlive(true, keepAliveMs)
      .on("end", () => this.#onFin())
      .on("drain", () => this.#onDrain())
      .on("error", (error) => this.#give("reset", error))
      .once("close", () => this.#onClose());
    this.#read();
  }

  /** The facts of the TLS in force; undefined in clear. */
  get tls(): TlsFacts | undefined {
    return this.#state.phase === "secure" ? this.#state.layer.facts : undefined;
  }

  /** Binds data connections to this one; stays after CCC, and is another after the next handshake. */
  get binding(): ControlTlsBinding | undefined {
    return this.#binding;
  }

  /** Whether octets can be sent now: not while TLS starts or ends, nor after the end. */
  get writable(): boolean {
    return this.#carrier !== undefined;
  }

  /** Octets written that the kernel has not taken yet. */
  get bufferedBytes(): number {
    const carrier = this.#carrier;
    if (!carrier) return 0;
    return carrier === this.#tcp ? carrier.writableLength : carrier.writableLength + this.#tcp.writableLength;
  }

  /**
   * Sends octets in the protection in force; false asks the writer to wait for `onDrain`. After the end it does nothing.
   *
   * @throws {UsageError} SALLYPORT_WRITE_DURING_HANDSHAKE while TLS starts or ends.
   */
  write(octets: Octets | Uint8Array): boolean {
    const carrier = this.#carrier;
    if (carrier) {
      const fits = typeof octets === "string" ? carrier.write(octets, "latin1") : carrier.write(octets);
      this.#owesDrain ||= !fits;
      return fits;
    }
    if (this.#state.phase === "over") return false;
    throw new UsageError("SALLYPORT_WRITE_DURING_HANDSHAKE", "Nothing can be sent while TLS starts or ends");
  }

  /** Stops calling `onOctets`, so that TCP holds the peer back (S-15). */
  pauseReading(): void {
    this.#carrier?.pause();
  }

  resumeReading(): void {
    this.#carrier?.resume();
  }

  /**
   * Starts TLS as the server: at once after the accept in implicit mode, after the 234 in explicit mode.
   *
   * Reads the ClientHello itself, chooses the certificate by its host name and holds it against the profile. Anything
   * but a handshake closes the connection without an answer, from the first octet on (T-01, T-03, R-IMP-10); a hello
   * against the rules gets its alert; a handshake not done within limits.handshakeMs ends (R-TLS-38).
   *
   * @throws {TlsError} SALLYPORT_TLS_INJECTION, SALLYPORT_NOT_TLS, SALLYPORT_TLS_REFUSED, SALLYPORT_CLIENT_CERTIFICATE,
   * SALLYPORT_HANDSHAKE_FAILED or SALLYPORT_HANDSHAKE_TIMEOUT; the connection is closed or closing then.
   */
  startTls(profile: ServerTlsProfile, options: StartTlsOptions = {}): Promise<TlsFacts> {
    if (this.#state.phase !== "clear") {
      return Promise.reject(new UsageError("SALLYPORT_TLS_NOT_FROM_CLEAR", "TLS starts on an open, clear connection"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<TlsFacts>();
    const handshake = new ControlHandshake(this.#tcp, {
      profile,
      hostName: options.hostName,
      clientHelloBytes: this.#limit("clientHelloBytes"),
      onSecure: (layer) => {
        this.#enterTls(layer);
        resolve(layer.facts);
      },
      onFailed: (kind, error) => {
        this.#give(kind, error);
        this.#tcp.destroySoon();
      },
    });
    this.#state = { phase: "starting", handshake, reject };
    if ((options.octetsBehind ?? 0) > 0) {
      this.destroy(
        "not-tls",
        new TlsError("SALLYPORT_TLS_INJECTION", "Octets came behind the line that asked for TLS"),
      );
    } else {
      const handshakeMs = this.#limit("handshakeMs");
      this.#within(handshakeMs, () => {
        this.destroy(
          "timeout",
          new TlsError("SALLYPORT_HANDSHAKE_TIMEOUT", `No TLS handshake within ${handshakeMs} ms`),
        );
      });
    }
    return promise;
  }

  /**
   * Ends TLS and goes on in clear on the same TCP connection (CCC, REIN; R-TLS-22): sends close_notify, drops what the
   * peer still says inside TLS, waits for its close_notify, and gives every octet behind it to `onOctets`.
   *
   * @throws {TlsError} SALLYPORT_CLOSE_NOTIFY_TIMEOUT after limits.closeNotifyMs, SALLYPORT_CLOSE_NOTIFY_MISSING when
   * the connection ends first; it is closed then.
   */
  endTls(): Promise<void> {
    if (this.#state.phase !== "secure") {
      return Promise.reject(new UsageError("SALLYPORT_TLS_NOT_IN_FORCE", "There is no TLS to end"));
    }
    const { layer } = this.#state;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#state = { phase: "leaving", layer, behind: [], flushed: false, resolve, reject };
    layer.socket.resume().end(() => {
      if (this.#state.phase !== "leaving") return;
      this.#state.flushed = true;
      this.#leaveTls();
    });
    this.#within(this.#limit("closeNotifyMs"), () => {
      this.destroy("timeout", new TlsError("SALLYPORT_CLOSE_NOTIFY_TIMEOUT", "The peer did not answer the end of TLS"));
    });
    return promise;
  }

  /**
   * Says good-bye: sends what was written, close_notify under TLS, and the FIN, then waits for the peer's FIN, all within
   * limits.lingerMs. What the peer still sends is dropped.
   */
  async end(): Promise<void> {
    const carrier = this.#carrier;
    if (!carrier) {
      if (this.#state.phase !== "over") this.destroy("ended");
    } else {
      this.#give("ended");
      this.#within(this.#limit("lingerMs"), () => this.#tcp.destroy());
      if (carrier !== this.#tcp && !carrier.destroyed) carrier.end(() => this.#tcp.end());
      else this.#tcp.end();
      this.#tcp.resume();
    }
    await this.closed;
  }

  /** Breaks the connection off at once. */
  destroy(ending: ControlEnding = "destroyed", error?: Error): void {
    this.#give(ending, error);
    this.#tcp.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  /** What octets are written to and commands read from; undefined while TLS starts or ends, and after the end. */
  get #carrier(): Socket | undefined {
    if (this.#state.phase === "secure") return this.#state.layer.socket;
    return this.#state.phase === "clear" ? this.#tcp : undefined;
  }

  /** Reads TCP through the buffer that all connections share; each read of its own would take 64 KiB for a moment. */
  #read(): void {
    const tcp = this.#tcp;
    const { userBuffer } = provedDataPathHooks();
    const buffer = sharedUserBuffer("wire");
    const take = (length: number): boolean => {
      this.#receive(buffer.subarray(0, length));
      return true;
    };
    if (!userBuffer || tcp.readableLength > 0 || !readIntoUserBuffer(tcp, buffer, take)) {
      tcp.on("data", (octets: Buffer) => this.#receive(octets));
    }
    tcp.resume();
  }

  /** @param octets may be reused after the call. */
  #receive(octets: Buffer): void {
    const state = this.#state;
    switch (state.phase) {
      case "clear":
        return this.#listener.onOctets(Buffer.from(octets));
      case "starting":
        return state.handshake.receive(octets);
      case "secure":
        state.layer.duplex.deliver(octets);
        return;
      case "leaving":
        state.behind.push(
          Buffer.from(state.layer.duplex.deliver(octets, () => state.layer.socket.closeNotifyReceived)),
        );
        return this.#leaveTls();
      case "over":
    }
  }

  #enterTls(layer: TlsLayer): void {
    clearTimeout(this.#timer);
    this.#binding?.[Symbol.dispose]();
    this.#binding = layer.binding;
    this.#state = { phase: "secure", layer };
    const inForce = () => this.#state.phase === "secure" && this.#state.layer === layer;
    const buffer = sharedUserBuffer("payload");
    const take = (length: number): boolean => {
      if (inForce()) this.#listener.onOctets(Buffer.from(buffer.subarray(0, length)));
      return true;
    };
    const { userBuffer } = provedDataPathHooks();
    if (!userBuffer || layer.socket.readableLength > 0 || !readIntoUserBuffer(layer.socket, buffer, take)) {
      layer.socket.on("data", (octets: Buffer) => inForce() && this.#listener.onOctets(octets));
    }
    layer.socket
      .resume()
      .once("end", () => inForce() && this.#onPeerEnd("peer-closed"))
      .on("drain", () => this.#onDrain())
      .on("error", (cause) => {
        this.#give("tls-error", new TlsError("SALLYPORT_TLS_FAILED", "A TLS record could not be read", { cause }));
        this.#tcp.destroySoon();
      });
  }

  /** Goes on in clear once both close_notify are done. */
  #leaveTls(): void {
    const state = this.#state;
    if (state.phase !== "leaving" || !state.layer.socket.closeNotifyReceived) return;
    this.#tcp.pause();
    if (!state.flushed) return;
    clearTimeout(this.#timer);
    dispose(state.layer);
    this.#state = { phase: "clear" };
    state.resolve();
    // The caller first takes note that TLS is over; then come the octets that were behind it, which may make it pause.
    setImmediate(() => {
      this.#tcp.resume();
      for (const octets of state.behind) if (octets.length > 0) this.#receive(octets);
      if (this.#tcp.readableEnded) this.#onFin();
    });
  }

  #onFin(): void {
    const state = this.#state;
    if (state.phase === "clear") this.#onPeerEnd("peer-closed");
    else if (state.phase === "secure") {
      if (!state.layer.socket.closeNotifyReceived) this.#onPeerEnd("truncated");
    } else if (state.phase === "starting") {
      this.destroy("peer-closed", new TlsError("SALLYPORT_HANDSHAKE_FAILED", "The peer left during the handshake"));
    } else if (state.phase === "leaving" && !state.layer.socket.closeNotifyReceived) {
      this.destroy("truncated", new TlsError("SALLYPORT_CLOSE_NOTIFY_MISSING", "TCP ended without a close_notify"));
    }
  }

  #onPeerEnd(ending: "peer-closed" | "truncated"): void {
    if (this.#ending) return;
    this.#ending = ending;
    this.#listener.onPeerEnd();
  }

  #onDrain(): void {
    if (!this.#owesDrain || this.bufferedBytes > 0) return;
    this.#owesDrain = false;
    this.#listener.onDrain?.();
  }

  #onClose(): void {
    this.#give("reset");
    clearTimeout(this.#timer);
    if (this.#state.phase === "over" && this.#state.layer) dispose(this.#state.layer);
    this.#binding?.[Symbol.dispose]();
    const ending = this.#ending ?? "reset";
    this.#settleClosed(ending);
    this.#listener.onClosed(ending, this.#error);
  }

  /** Gives the connection its first reason for ending, and tells who waits for TLS to start or end. */
  #give(ending: ControlEnding, error?: Error): void {
    this.#ending ??= ending;
    this.#error ??= error;
    const state = this.#state;
    if (state.phase === "over") return;
    clearTimeout(this.#timer);
    this.#state = { phase: "over", layer: "layer" in state ? state.layer : undefined };
    if (state.phase === "starting") state.handshake.abandon();
    if (state.phase === "starting" || state.phase === "leaving") {
      state.reject(error ?? new TlsError("SALLYPORT_CONTROL_CLOSED", "The control connection ended meanwhile"));
    }
  }

  #within(ms: number, late: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(late, ms);
  }

  #limit(name: "handshakeMs" | "closeNotifyMs" | "lingerMs" | "clientHelloBytes"): number {
    return this.#limits[name] ?? limits[name].value;
  }
}

type State =
  | { readonly phase: "clear" }
  | { readonly phase: "starting"; readonly handshake: ControlHandshake; readonly reject: (error: Error) => void }
  | { readonly phase: "secure"; readonly layer: TlsLayer }
  | {
      readonly phase: "leaving";
      readonly layer: TlsLayer;
      /** Octets that came behind the peer's close_notify. */
      readonly behind: Buffer[];
      /** Whether our own close_notify has left. */
      flushed: boolean;
      readonly resolve: () => void;
      readonly reject: (error: Error) => void;
    }
  | { readonly phase: "over"; readonly layer: TlsLayer | undefined };

/** Finds dead peers behind NAT boxes that forget, without traffic of ours in between. */
const keepAliveMs = 60_000;

function dispose({ socket, duplex }: TlsLayer): void {
  socket.destroy();
  duplex.destroy();
}

function plainAddress(address: string | undefined): string {
  return (address !== undefined && canonicalAddress(address)) || "unknown";
}
