import { Duplex } from "node:stream";
import { Opener, sealed } from "./seal.ts";
import type { Lane, Wire, WireEnd } from "./wire.ts";

/** The server's end of a wire, as a net.Socket looks to the transport room; it can turn to records on its own. */
export class SimSocket extends Duplex implements WireEnd {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteFamily = "IPv4";
  readonly connecting = false;
  readonly pending = false;
  timeout = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** The peer ended its records with close_notify. */
  closeNotified = false;
  readonly #wire: Wire;
  readonly #out: Lane;
  #inbox: (Uint8Array | "end")[] = [];
  #wanted = false;
  #opener: Opener | undefined;
  #secure = false;
  #handshake: PromiseWithResolvers<void> | undefined;

  constructor(
    wire: Wire,
    addresses: { remoteAddress: string; remotePort: number; localAddress: string; localPort: number },
  ) {
    super({ allowHalfOpen: true, autoDestroy: true, emitClose: true });
    this.remoteAddress = addresses.remoteAddress;
    this.remotePort = addresses.remotePort;
    this.localAddress = addresses.localAddress;
    this.localPort = addresses.localPort;
    this.#wire = wire;
    this.#out = wire.fromServer;
    this.on("error", () => {});
    wire.fromUser.connect(this);
  }

  get isSecure(): boolean {
    return this.#secure;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  resetAndDestroy(): this {
    this.#wire.fromServer.reset();
    return this.destroy();
  }

  /** Waits for the user's handshake; rejects when something else comes, or the connection ends. */
  acceptTls(timeoutMs: number): Promise<void> {
    if (this.destroyed) return Promise.reject(new Error("the connection is gone"));
    this.#opener = new Opener();
    const handshake = Promise.withResolvers<void>();
    this.#handshake = handshake;
    const timer = setTimeout(() => this.#breakTls("no handshake in time"), timeoutMs);
    handshake.promise.catch(() => {}).finally(() => clearTimeout(timer));
    for (const item of this.#inbox.splice(0)) {
      if (item === "end") this.onEnd();
      else this.onOctets(item);
    }
    return handshake.promise;
  }

  onOctets(octets: Uint8Array): void {
    if (this.destroyed) return this.#wire.fromServer.reset();
    this.bytesRead += octets.length;
    if (this.#opener === undefined) return this.#hand(octets);
    for (const record of this.#opener.push(octets)) {
      if (this.closeNotified || this.destroyed) return;
      if (record === "broken" || record.kind === "alert") return this.#breakTls("a record is broken");
      if (record.kind === "hello" && !this.#secure) this.#out.send(sealed("hello"));
      else if (record.kind === "finished" && !this.#secure) this.#secured();
      else if (!this.#secure) return this.#breakTls("data came before the handshake");
      else if (record.kind === "data") this.#hand(record.payload);
      else if (record.kind === "closeNotify") {
        this.closeNotified = true;
        this.#hand("end");
      }
    }
  }

  onEnd(): void {
    if (this.destroyed || this.closeNotified) return;
    if (this.#opener !== undefined && !this.#secure) return this.#breakTls("the peer left during the handshake");
    this.#hand("end");
  }

  onReset(): void {
    if (this.destroyed) return;
    this.#handshake?.reject(new Error("reset"));
    this.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  }

  override _read(): void {
    this.#wanted = true;
    this.#flow();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length;
    this.#out.send(this.#secure ? sealed("data", chunk) : new Uint8Array(chunk), () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#secure) this.#out.send(sealed("closeNotify"));
    this.#out.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#out.end();
    this.#handshake?.reject(error ?? new Error("closed"));
    done(error);
  }

  #secured(): void {
    this.#secure = true;
    this.#handshake?.resolve();
  }

  #breakTls(why: string): void {
    const error = Object.assign(new Error(why), { code: "ERR_SSL_SIMULATED" });
    this.#handshake?.reject(error);
    this.#out.send(sealed("alert"));
    this.destroy(error);
  }

  #hand(item: Uint8Array | "end"): void {
    this.#inbox.push(item);
    if (this.#wanted) this.#flow();
  }

  #flow(): void {
    while (this.#wanted && this.#inbox.length > 0) {
      const item = this.#inbox.shift();
      if (item === undefined) return;
      this.#wanted = this.push(item === "end" ? null : Buffer.from(item));
      if (item === "end") return;
    }
  }
}
