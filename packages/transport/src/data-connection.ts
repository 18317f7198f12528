import { type LimitValues, limitValues, type ProtectionLevel, TlsError, UsageError } from "@sallyport/protocol";
import type { Socket } from "node:net";
import { type ConnectionOptions, TLSSocket } from "node:tls";
import {
  type DataHandshake,
  type SecuredData,
  shakeHandsAsClient,
  shakeHandsAsServer,
  startFailed,
} from "./data-handshake.ts";
import { type DataPathHooks, provedDataPathHooks } from "./data-path-hooks.ts";
import { type DataMessages, sendMessages, sendMessagesFrom } from "./data-messages.ts";
import { type ByteSink, receiveOctets } from "./data-receive.ts";
import { type ByteSource, endSending, sendChunks, sendOctets } from "./data-send.ts";
import type { DataTls, TlsPath } from "./data-tls.ts";
import { type InflateOptions, Inflater } from "./deflate.ts";
import { OpeningIntake } from "./opening-intake.ts";
import { resetConnection } from "./reset-connection.ts";
import type { ControlTlsBinding, DataUsage } from "./tls-binding.ts";
import { type TransferOptions, TransferWatch } from "./transfer-watch.ts";
import type { DataFacts } from "./data-facts.ts";

export interface DataConnectionOptions {
  /** The protection level in force when the connection came up. */
  readonly level: ProtectionLevel;
  /** The server's part in TLS; undefined while the control connection has none. */
  readonly binding?: ControlTlsBinding | undefined;
  /** Default `server`, also where we dialled (R-4217-27); `client` for one of two servers (SSCN, CPSV). */
  readonly tlsRole?: "server" | "client";
  /** How to do TLS as the client, with whom to trust; without it that role is refused. */
  readonly clientTls?: ConnectionOptions | undefined;
  /** Told of the TLS socket as its handshake begins in the client's role, in time for each ticket that comes. */
  readonly onClientTls?: (socket: TLSSocket) => void;
  readonly limits?: LimitValues;
  /** Default: those that are known to work in this Node by now. */
  readonly hooks?: DataPathHooks | undefined;
}

/**
 * How the peer ended what it sent: `close-notify` and `final-block`, and in clear `fin`, are an end; the last may be a
 * cut.
 */
export type ReceiveEnding = "close-notify" | "final-block" | "fin" | "fin-without-close-notify";

export interface ReceiveResult {
  readonly bytes: number;
  readonly end: ReceiveEnding;
}

/** What a transfer command settles. */
export interface DataTransfer {
  readonly direction: Direction;
  readonly level: ProtectionLevel;
  /** Protects levels S and P by messages in the place of TLS (RFC 2228 §8.2). */
  readonly messages?: DataMessages | undefined;
}

/**
 * One data connection from its TCP connection to its end: protects it as the level says, then moves octets one way.
 *
 * Under level P, TLS starts as soon as the peer starts it, which may be before the transfer command (curl), or else at
 * {@link begin}. Nothing else is read before. With `messages` there is no TLS: blocks of sealed messages are sent, and
 * those received are opened, up to the empty one that is the end. Failures are TransportError and TlsError:
 * `SALLYPORT_DATA_RESET`, `_CLOSED`, `_STALLED`, `_FAILED`, `_TLS_BROKEN`, `_LEVEL_CHANGED`, `_HANDSHAKE_FAILED`,
 * `_HANDSHAKE_TIMEOUT`, `_HELLO_REFUSED`; of messages `_BLOCK_SIZE`, `_MESSAGE_REJECTED`, `_NOT_CONFIDENTIAL`,
 * `_OUT_OF_ORDER`, `_NO_FINAL_BLOCK`, `_SECURITY_LOST`, `_BUFFER_TOO_SMALL`; an abort rejects with the signal's reason.
 * After any of them the connection is closed.
 */
export class DataConnection implements AsyncDisposable {
  readonly #tcp: Socket;
  readonly #options: DataConnectionOptions;
  readonly #limits: LimitValues;
  readonly #hooks: DataPathHooks;
  #level: ProtectionLevel;
  /** Reads what the peer says first; from the level P on, until TLS or the transfer begins. */
  #opening: OpeningIntake | undefined;
  #protection: Protection = { state: "open" };
  #began: DataTransfer | undefined;
  #phase: "preparing" | "sending" | "receiving" | "done" = "preparing";

  /** @param tcp connected, paused, with nothing read from it. */
  constructor(tcp: Socket, options: DataConnectionOptions) {
    this.#tcp = tcp;
    this.#options = options;
    this.#limits = options.limits ?? limitValues();
    this.#hooks = options.hooks ?? provedDataPathHooks();
    this.#level = options.level;
    tcp.on("error", () => {});
    this.#sniff();
  }

  /** The other end, as the system writes it; undefined once the connection is closed. */
  get remoteAddress(): string | undefined {
    return this.#tcp.remoteAddress;
  }

  /** Tells of a PROT command before the transfer command; it counts while TLS has not begun (R-4217-24). */
  protectionLevelIs(level: ProtectionLevel): void {
    this.#level = level;
    this.#sniff();
  }

  /** The failure of a handshake that came before the transfer command, which is then answered 522 without 150. */
  get earlyFailure(): TlsError | undefined {
    return this.#protection.state === "failed" && !this.#began ? this.#protection.error : undefined;
  }

  /** The transfer command has come: settles direction and level, and starts TLS if the peer has not. */
  begin(transfer: DataTransfer): void {
    this.#began = transfer;
    this.#level = transfer.level;
    if (this.#protection.state !== "open") return;
    if (!usesTls(transfer)) this.#opening?.stop();
    else this.#protect(transfer.direction === "send" ? "sends" : "may-receive");
  }

  /** Waits until octets may move, that is, under level P, for the handshake. */
  async ready(signal?: AbortSignal): Promise<DataFacts> {
    const transfer = this.#began;
    if (!transfer) throw new UsageError("SALLYPORT_DATA_NOT_BEGUN", "begin() comes before ready()");
    const { state } = this.#protection;
    if (!usesTls(transfer)) {
      if (state === "open") return { level: transfer.level === "E" ? "P" : transfer.level, tls: undefined };
      this.destroy();
      throw levelChanged();
    }
    using _ = onAbort(signal, () => this.destroy());
    try {
      return await this.#secured();
    } finally {
      signal?.throwIfAborted();
    }
  }

  /** Sends octets `first` to `end` (exclusive; undefined: all) of a source, then ends; returns how many went. */
  async sendFrom(
    source: ByteSource,
    first: number,
    end: number | undefined,
    options: TransferOptions = {},
  ): Promise<number> {
    const socket = this.#startMoving("sending");
    using watch = this.#watch(socket, options);
    // Reading notices a reset, and takes what TLS still has to say.
    socket.resume();
    const messages = messagesOf(this.#began);
    if (messages) {
      const sent = await sendMessagesFrom(socket, watch, source, { first, end }, messages, options);
      this.#phase = "done";
      return sent;
    }
    const sendFile = this.#hooks.sendFile && socket === this.#tcp;
    const sent = await sendOctets(socket, watch, source, { first, end }, { ...options, sendFile });
    this.#phase = "done";
    return sent;
  }

  /** Sends chunks as they come, for listings and encoded modes, then ends; returns how many octets went. */
  async sendChunks(chunks: AsyncIterable<Uint8Array>, options: TransferOptions = {}): Promise<number> {
    const socket = this.#startMoving("sending");
    using watch = this.#watch(socket, options);
    socket.resume();
    const messages = messagesOf(this.#began);
    const sent = messages
      ? await sendMessages(socket, watch, chunks, messages, options)
      : await sendChunks(socket, watch, chunks, options);
    this.#phase = "done";
    return sent;
  }

  /** Receives until the peer ends, into a sink from a position on; large writes, two of them under way at most. */
  async receiveInto(sink: ByteSink, position: number, options: TransferOptions = {}): Promise<ReceiveResult> {
    return this.#receive(sink, position, 2, options);
  }

  /**
   * Receives until the peer ends, for modes that are decoded. A chunk, up to 256 KiB, is the consumer's until its
   * promise settles, and the next one comes after that. With `inflate` the octets are decompressed first (MODE Z), and
   * what {@link Inflater} raises fails the transfer, a stream that is not whole included.
   */
  async receiveChunks(
    onChunk: (chunk: Uint8Array) => undefined | Promise<void>,
    options: TransferOptions & { readonly inflate?: InflateOptions } = {},
  ): Promise<ReceiveResult> {
    if (!options.inflate) return this.#receive({ write: (chunk) => onChunk(chunk) }, 0, 1, options);
    using inflater = new Inflater(options.inflate);
    const write = async (chunk: Uint8Array): Promise<void> => {
      for await (const piece of inflater.push(chunk)) await onChunk(piece);
    };
    const result = await this.#receive({ write }, 0, 1, options);
    await inflater.finish();
    return result;
  }

  /** Ends our half, with close_notify under TLS; after receiving it is the answer to the peer's end. Never rejects. */
  async finish(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableFinished) return;
    using watch = this.#watch(socket, { stallMs: this.#limits.closeNotifyMs });
    await endSending(socket, watch).catch(() => {});
  }

  /** Closes at once; a peer that is being sent to sees a reset, which is never taken for an end. */
  destroy(): void {
    this.#opening?.stop();
    if (this.#phase !== "sending") this.#close();
    else if (this.#socket === this.#tcp) resetConnection(this.#tcp);
    // A reset frees the state of TLS at once, while OpenSSL may be using it further up the stack (Node 26.10: segfault).
    else setImmediate(() => this.#close(() => resetConnection(this.#tcp, this.#socket)));
  }

  /**
   * Leaves a finished connection to itself, which waits `limits.lingerMs` for the peer's end, so that unread octets of
   * the peer do not turn ours into a reset; closes any other at once.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#phase !== "done") return this.destroy();
    await this.finish();
    if (this.#tcp.destroyed) return;
    this.#socket.resume();
    const timer = setTimeout(() => this.#tcp.destroy(), this.#limits.lingerMs).unref();
    this.#tcp.once("close", () => clearTimeout(timer));
  }

  #close(first = (): unknown => undefined): void {
    first();
    this.#socket.destroy();
    this.#tcp.destroy();
  }

  get #socket(): Socket {
    return this.#protection.state === "secure" || this.#protection.state === "handshaking"
      ? this.#protection.tls.socket
      : this.#tcp;
  }

  /** Waits for a peer that starts TLS on its own: the first octet of a handshake record under level P. */
  #sniff(): void {
    if (this.#protection.state !== "open" || this.#began) return;
    const mayStart = this.#level === "P" && (this.#options.tlsRole ?? "server") === "server";
    if (!mayStart || !this.#options.binding) {
      this.#opening?.stop();
      this.#opening = undefined;
      return;
    }
    if (this.#opening) return;
    const look = ([first]: Buffer): boolean => {
      if (first !== handshakeRecord) return true;
      this.#protect("may-receive");
      return false;
    };
    this.#opening = new OpeningIntake(this.#tcp, this.#hooks, look, () => {});
    this.#opening.start();
  }

  /** Starts TLS; what comes of it is found in `#protection`. */
  #protect(usage: DataUsage): void {
    const role = this.#options.tlsRole ?? "server";
    const { promise, resolve } = Promise.withResolvers<SecuredData>();
    const securing = promise.then(
      ({ tls, facts }) => {
        this.#protection = { state: "secure", tls, facts };
        return facts;
      },
      (cause: unknown): never => {
        const error = startFailed(cause);
        this.#protection = { state: "failed", error };
        this.#tcp.destroySoon();
        throw error;
      },
    );
    // It may fail before the transfer command, when nobody is waiting yet.
    securing.catch(() => {});
    this.#protection = { state: "starting", securing };
    resolve(role === "server" ? this.#protectAsServer(usage) : this.#protectAsClient(usage));
  }

  #protectAsServer(usage: DataUsage): Promise<SecuredData> {
    const { binding } = this.#options;
    if (!binding) return Promise.reject(startFailed(new Error("The control connection has no TLS")));
    return shakeHandsAsServer(this.#handshake(usage), { binding, usage }, (look, onGone) => this.#read(look, onGone));
  }

  #protectAsClient(usage: DataUsage): Promise<SecuredData> {
    const { clientTls } = this.#options;
    if (clientTls) return shakeHandsAsClient(this.#handshake(usage), clientTls);
    return Promise.reject(new TlsError("SALLYPORT_DATA_CLIENT_ROLE_OFF", "TLS as the client of another server is off"));
  }

  #handshake(usage: DataUsage): DataHandshake {
    return {
      tcp: this.#tcp,
      path: this.#path(usage),
      limits: this.#limits,
      onStarted: (tls) => {
        if (this.#protection.state === "starting") {
          this.#protection = { state: "handshaking", securing: this.#protection.securing, tls };
        }
        if (this.#options.tlsRole === "client") this.#options.onClientTls?.(tls.socket);
      },
    };
  }

  #path(usage: DataUsage): TlsPath {
    if (usage === "sends") return "native";
    // The hook's proof is about TCP; through a proxy inside TLS there is another TLS below.
    const isOverTcp = !(this.#tcp instanceof TLSSocket);
    return this.#hooks.closeNotify && isOverTcp ? "watched" : "layered";
  }

  /** Reads the peer's opening, with whatever was read of it already. */
  #read(look: (octets: Buffer) => boolean, onGone: (cause: Error | undefined) => void): void {
    if (this.#opening?.stopped === false) return this.#opening.handOver(look, onGone);
    this.#opening = new OpeningIntake(this.#tcp, this.#hooks, look, onGone);
    this.#opening.start();
  }

  async #secured(): Promise<DataFacts> {
    switch (this.#protection.state) {
      case "open":
        throw levelChanged();
      case "starting":
      case "handshaking":
        return await this.#protection.securing;
      case "secure":
        return this.#protection.facts;
      case "failed":
        throw this.#protection.error;
    }
  }

  #startMoving(phase: "sending" | "receiving"): Socket {
    if (this.#phase !== "preparing")
      throw new UsageError("SALLYPORT_DATA_USED", "A data connection serves one transfer");
    this.#phase = phase;
    return this.#socket;
  }

  #watch(socket: Socket, options: TransferOptions): TransferWatch {
    return new TransferWatch(socket, () => this.destroy(), options);
  }

  async #receive(
    sink: ByteSink,
    position: number,
    outstandingCountMax: number,
    options: TransferOptions,
  ): Promise<ReceiveResult> {
    const { userBuffer } = this.#hooks;
    const socket = this.#startMoving("receiving");
    using watch = this.#watch(socket, options);
    const messages = messagesOf(this.#began);
    const how = { ...options, outstandingCountMax, userBuffer, messages };
    const bytes = await receiveOctets(socket, watch, sink, position, how);
    this.#phase = "done";
    return { bytes, end: messages ? "final-block" : this.#ending() };
  }

  #ending(): ReceiveEnding {
    if (this.#protection.state !== "secure") return "fin";
    return this.#protection.tls.ending() ?? "fin-without-close-notify";
  }
}

export type Direction = "send" | "receive";

type Protection =
  | { readonly state: "open" }
  | { readonly state: "starting"; readonly securing: Promise<DataFacts> }
  | { readonly state: "handshaking"; readonly securing: Promise<DataFacts>; readonly tls: DataTls }
  | { readonly state: "secure"; readonly tls: DataTls; readonly facts: DataFacts }
  | { readonly state: "failed"; readonly error: TlsError };

const handshakeRecord = 0x16;

function messagesOf(transfer: DataTransfer | undefined): DataMessages | undefined {
  return transfer?.level === "C" ? undefined : transfer?.messages;
}

function usesTls(transfer: DataTransfer): boolean {
  return transfer.level !== "C" && transfer.messages === undefined;
}

function onAbort(signal: AbortSignal | undefined, abort: () => void): Disposable {
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return { [Symbol.dispose]: () => signal?.removeEventListener("abort", abort) };
}

function levelChanged(): TlsError {
  return new TlsError("SALLYPORT_DATA_LEVEL_CHANGED", "PROT changed after TLS had begun on the data connection");
}
