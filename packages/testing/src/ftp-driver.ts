import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";

/** A reply as it came: all lines joined by LF, without CR. */
export interface DrivenReply {
  readonly code: number;
  readonly text: string;
}

export interface DriverTls extends ConnectionOptions {
  /** Resumes the control connection's TLS on data connections; true unless told otherwise. */
  readonly resume?: boolean;
}

/** What a data connection brought until it ended. */
export interface DrivenTransfer {
  readonly opening: DrivenReply;
  readonly octets: Buffer;
  /** Absent where `opening` was a refusal. */
  readonly completion?: DrivenReply;
  readonly resumed?: boolean;
}

/**
 * A client that does what a test tells it, octet by octet if need be, and nothing by itself: the peer of conformance
 * and attack tests. Every wait is bounded by `timeoutMs`.
 */
export class FtpDriver implements AsyncDisposable {
  readonly #host: string;
  readonly #timeoutMs: number;
  readonly #from: { readonly localAddress?: string };
  #socket: Socket;
  #tls: DriverTls | undefined;
  #tickets: Buffer[] = [];
  #text = "";
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(
    socket: Socket,
    { host, timeoutMs, from }: { host: string; timeoutMs: number; from: { readonly localAddress?: string } },
  ) {
    this.#host = host;
    this.#timeoutMs = timeoutMs;
    this.#from = from;
    this.#socket = socket;
    this.#listen(socket);
  }

  /** Connects without reading the greeting; with `tls` the connection is implicit. */
  static async connect(
    port: number,
    options: {
      readonly host?: string;
      readonly tls?: DriverTls;
      readonly timeoutMs?: number;
      readonly localAddress?: string;
    } = {},
  ): Promise<FtpDriver> {
    const { host = "127.0.0.1", tls, timeoutMs = 10_000, localAddress } = options;
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connectTcp({ host, port, noDelay: true, ...from });
    await once(socket, "connect", timeoutMs);
    const driver = new FtpDriver(socket, { host, timeoutMs, from });
    if (tls !== undefined) await driver.startTls(tls);
    return driver;
  }

  /** The connection itself, for tests that write octets or cut it. */
  get socket(): Socket {
    return this.#socket;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Text that came and was not taken as a reply. */
  get pendingText(): string {
    return this.#text;
  }

  /** Sends octets (one for each code unit) as they are. */
  send(octets: string): void {
    this.#socket.write(Buffer.from(octets, "latin1"));
  }

  /** Sends a line with CRLF and takes the next reply. */
  async command(line: string): Promise<DrivenReply> {
    this.send(`${line}\r\n`);
    return this.reply();
  }

  /** Takes the next reply; rejects when the connection ends first or nothing comes in time. */
  async reply(): Promise<DrivenReply> {
    const deadline = Date.now() + this.#timeoutMs;
    for (;;) {
      const found = takeReply(this.#text);
      if (found !== undefined) {
        this.#text = found.rest;
        return found.reply;
      }
      if (this.#ended) throw new Error(`the connection ended; unread: ${JSON.stringify(this.#text)}`);
      if (Date.now() > deadline)
        throw new Error(`no reply in ${this.#timeoutMs} ms; unread: ${JSON.stringify(this.#text)}`);
      await this.#change(deadline - Date.now());
    }
  }

  /** Waits until the peer closes; false when it did not in time. */
  async waitForEnd(timeoutMs = this.#timeoutMs): Promise<boolean> {
    const deadline = Date.now() + timeoutMs;
    while (!this.#ended && Date.now() < deadline) await this.#change(deadline - Date.now());
    return this.#ended;
  }

  /** Makes the TLS handshake on the control connection. */
  async startTls(tls: DriverTls = {}): Promise<TLSSocket> {
    const { resume: _, ...options } = tls;
    this.#tls = tls;
    this.#socket.removeAllListeners();
    this.#socket.on("error", () => undefined);
    const secured = connectTls({ socket: this.#socket, host: this.#host, servername: "localhost", ...options });
    secured.on("session", (ticket) => this.#tickets.push(ticket));
    this.#socket = secured;
    this.#text = "";
    this.#listen(secured);
    await once(secured, "secureConnect", this.#timeoutMs);
    return secured;
  }

  /** AUTH TLS, handshake, USER, PASS, PBSZ, PROT P; each reply must be positive. */
  async logIn(user = "alice", password = "secret", tls: DriverTls = { rejectUnauthorized: false }): Promise<void> {
    if (this.#tls === undefined) {
      await this.expect("AUTH TLS", 234);
      await this.startTls(tls);
    }
    await this.expect(`USER ${user}`, 331);
    await this.expect(`PASS ${password}`, 230);
    await this.expect("PBSZ 0", 200);
    await this.expect("PROT P", 200);
  }

  /** Sends a line and insists on a code. */
  async expect(line: string, code: number): Promise<DrivenReply> {
    const answer = await this.command(line);
    if (answer.code !== code) throw new Error(`${line} was answered ${answer.code}, not ${code}: ${answer.text}`);
    return answer;
  }

  /** EPSV, then the TCP connection to the port that it names, from where the control connection comes. */
  async openPassive(options: { readonly localAddress?: string } = this.#from): Promise<Socket> {
    const { text } = await this.expect("EPSV", 229);
    const port = Number(/\(\|\|\|(\d+)\|\)/.exec(text)?.[1]);
    const socket = connectTcp({ host: this.#host, port, noDelay: true, ...options });
    socket.on("error", () => undefined);
    await once(socket, "connect", this.#timeoutMs);
    return socket;
  }

  /** Makes the TLS handshake on a data connection, with the newest ticket of the control connection. */
  async secureData(socket: Socket, tls: DriverTls = this.#tls ?? {}): Promise<TLSSocket> {
    const { resume = true, ...options } = tls;
    // The server may have given it up meanwhile; TLS over a closed connection tells nobody anything, ever.
    if (socket.destroyed) throw new Error("closed before secureConnect");
    const ticket = resume ? this.#tickets.at(-1) : undefined;
    const secured = connectTls({
      socket,
      host: this.#host,
      servername: "localhost",
      ...options,
      ...(ticket === undefined ? {} : { session: ticket }),
    });
    secured.on("error", () => undefined);
    await once(secured, "secureConnect", this.#timeoutMs);
    return secured;
  }

  /** Runs a command that sends to us over EPSV; TLS where the control connection has it, unless `clear`. */
  async retrieve(line: string, options: { readonly clear?: boolean } = {}): Promise<DrivenTransfer> {
    const raw = await this.openPassive();
    const opening = await this.command(line);
    if (opening.code >= 200) {
      raw.destroy();
      return { opening, octets: Buffer.alloc(0) };
    }
    const secured = this.#tls !== undefined && options.clear !== true ? await this.secureData(raw) : undefined;
    const resumed = secured?.isSessionReused();
    const octets = await readAll(secured ?? raw, this.#timeoutMs);
    const completion = await this.reply();
    return { opening, octets, completion, ...(resumed === undefined ? {} : { resumed }) };
  }

  /** Runs a command that takes octets from us over EPSV. */
  async store(line: string, octets: Uint8Array, options: { readonly clear?: boolean } = {}): Promise<DrivenTransfer> {
    const raw = await this.openPassive();
    const opening = await this.command(line);
    if (opening.code >= 200) {
      raw.destroy();
      return { opening, octets: Buffer.alloc(0) };
    }
    const secured = this.#tls !== undefined && options.clear !== true ? await this.secureData(raw) : undefined;
    const resumed = secured?.isSessionReused();
    const data = secured ?? raw;
    data.resume();
    data.end(octets);
    const completion = await this.reply();
    return { opening, octets: Buffer.alloc(0), completion, ...(resumed === undefined ? {} : { resumed }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on("data", (chunk) => {
      this.#text += chunk.toString("latin1");
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("end", end).on("close", end).on("error", end);
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, timeoutMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Cuts the first whole reply off the text, by the rule of RFC 959 §4.2 and nothing more tolerant. */
function takeReply(text: string): { reply: DrivenReply; rest: string } | undefined {
  const first = /^(\d{3})([ -])[^\n]*\r\n/.exec(text);
  if (first === null) return undefined;
  if (first[2] === " ") return { reply: drivenReply(first[0]), rest: text.slice(first[0].length) };
  const last = new RegExp(`^${first[1]} [^\\n]*\\r\\n`, "m").exec(text);
  if (last === null) return undefined;
  const end = last.index + last[0].length;
  return { reply: drivenReply(text.slice(0, end)), rest: text.slice(end) };
}

function drivenReply(raw: string): DrivenReply {
  return { code: Number(raw.slice(0, 3)), text: raw.replaceAll("\r\n", "\n").trimEnd() };
}

async function readAll(socket: Socket, silenceMaxMs: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.setTimeout(silenceMaxMs, () => socket.destroy(new Error(`no data in ${silenceMaxMs} ms`)));
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  socket.setTimeout(0);
  return Buffer.concat(chunks);
}

function once(socket: Socket, event: "connect" | "secureConnect", timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`no ${event} in ${timeoutMs} ms`)), timeoutMs);
  socket.once(event, () => resolve());
  socket.once("error", reject);
  socket.once("close", () => reject(new Error(`closed before ${event}`)));
  return promise.finally(() => clearTimeout(timer));
}
