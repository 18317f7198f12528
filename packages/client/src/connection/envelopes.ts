import {
  bytesFromOctets,
  encodeBase64,
  joinReply,
  type LimitValues,
  maskCommandLine,
  type Octets,
  protectedReplyTokens,
  ReplyDecoder,
  type ReplyEvent,
} from "@sallyport/protocol";
import { type MessageSecurity, type OpenedMessage, SecurityMechanismError } from "@sallyport/transport";

export interface EnvelopesOptions {
  readonly limits: LimitValues;
  /** Whether commands are encrypted; otherwise they are sealed alone, but for those with secrets. */
  readonly encryptsCommands: boolean;
  /** Sends a line on the control connection. */
  send(line: Octets): void;
  /** Takes octets of replies, in order. */
  onReply(octets: Uint8Array): void;
  /** A line came that is no protected reply. */
  onUnprotected(line: Octets): void;
  /** Nothing can be sealed or opened any more. */
  onFailed(cause: unknown): void;
  /** Whether octets may come: more than are being opened are left to TCP. */
  onRoom(hasRoom: boolean): void;
}

/**
 * The envelopes of one control connection (RFC 2228 §7): commands go out in MIC or ENC, and replies come out of 631, 632
 * and 633, in their order. The mechanism answers later, so both wait in a line.
 */
export class Envelopes {
  readonly security: MessageSecurity;
  readonly #options: EnvelopesOptions;
  readonly #decoder: ReplyDecoder;
  #sending: Promise<void> = Promise.resolve();
  #opening: Promise<void> = Promise.resolve();
  #openingBytes = 0;
  #dataConnectionsCount = 0;
  #mayPassOver = false;
  #isOver = false;

  constructor(security: MessageSecurity, options: EnvelopesOptions) {
    this.security = security;
    this.#options = options;
    this.#decoder = new ReplyDecoder(options.limits);
  }

  /** Settles when all commands so far are on their way. */
  get sent(): Promise<void> {
    return this.#sending;
  }

  send(line: Octets): void {
    // A password that goes in MIC can be read by everybody on the way.
    const isSecret = maskCommandLine(line) !== line;
    const confidential = this.#options.encryptsCommands || isSecret;
    const sealing =
      confidential && !this.security.facts.confidentiality
        ? Promise.reject(new SecurityMechanismError("failed", "The mechanism cannot encrypt, and this is a secret"))
        : this.security.seal(bytesFromOctets(line), confidential);
    // It may fail while the one before it is still waited for.
    sealing.catch(() => {});
    this.#sending = this.#sending.then(async () => {
      try {
        const token = encodeBase64(await sealing);
        if (!this.#isOver) this.#options.send(`${confidential ? "ENC" : "MIC"} ${token}` as Octets);
      } catch (cause) {
        this.#fail(cause);
      }
    });
  }

  /** Takes octets of the control connection; they are the caller's again afterwards. */
  take(octets: Uint8Array): void {
    for (const event of this.#decoder.push(octets)) {
      const bytes = event.kind === "reply" ? event.lines.reduce((sum, line) => sum + line.length, 0) : 0;
      this.#grow(bytes);
      this.#opening = this.#opening.then(async () => {
        try {
          if (!this.#isOver) await this.#open(event);
        } catch (cause) {
          this.#fail(cause);
        }
        this.#grow(-bytes);
      });
    }
  }

  /** The connection is over: whether it ended within a reply. Settles when all that came was told. */
  async end(): Promise<void> {
    await this.#opening;
    for (const event of this.#decoder.end()) if (event.kind === "failure") this.#options.onUnprotected(event.line);
  }

  /** A data connection brings messages, which a reply may overtake; until it is disposed of. */
  interleaved(): Disposable {
    this.#dataConnectionsCount += 1;
    this.#mayPassOver = true;
    return { [Symbol.dispose]: () => void (this.#dataConnectionsCount -= 1) };
  }

  /** Nothing is sent and told any more. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.security[Symbol.asyncDispose]().catch(() => {});
  }

  async #open(event: ReplyEvent): Promise<void> {
    if (event.kind === "failure") return this.#options.onUnprotected(event.line);
    const { code, lines, truncated } = event;
    if (code < 631 || code > 633) return this.#options.onUnprotected(`${code} ${lines.at(-1) ?? ""}` as Octets);
    const tokens = protectedReplyTokens(lines);
    if (truncated || tokens === "not-base64") throw damaged("A protected reply is no base64, or too long");
    // All at once: they are opened in this order.
    const messages = await Promise.all(tokens.map((token) => this.security.open(token)));
    for (const message of messages) this.#check(message, code);
    if (!this.#isOver) this.#options.onReply(bytesFromOctets(joinReply(messages.map(({ octets }) => octets))));
  }

  /** What was passed over is a message of a data connection, or a reply that somebody has taken out. */
  #check({ order, confidential }: OpenedMessage, code: number): void {
    if (order === "gap" && !this.#mayPassOver) throw damaged("A reply before this one is missing");
    if (code !== 631 && !confidential) throw damaged("A reply is not encrypted, and says that it is");
    if (this.#dataConnectionsCount === 0) this.#mayPassOver = false;
  }

  #grow(bytes: number): void {
    const hadRoom = this.#openingBytes <= openingBytesMax;
    this.#openingBytes += bytes;
    const hasRoom = this.#openingBytes <= openingBytesMax;
    if (hasRoom !== hadRoom && !this.#isOver) this.#options.onRoom(hasRoom);
  }

  #fail(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onFailed(cause);
  }
}

const openingBytesMax = 1_048_576;

function damaged(message: string): SecurityMechanismError {
  return new SecurityMechanismError("message-rejected", message);
}
