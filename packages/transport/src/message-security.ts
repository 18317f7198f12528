import { setTimeout as pause } from "node:timers/promises";
import {
  type OpenedMessage,
  type SecurityContext,
  type SecurityContextFacts,
  SecurityMechanismError,
} from "./security-mechanism.ts";

/**
 * A security context whose exchange of tokens is complete, as the control connection and its data connections share
 * it: seals and opens messages, and refuses what was opened before and what comes after the context has expired.
 *
 * Both connections draw on one counter of messages, and race. So a number that was passed over is no offence in itself;
 * within one transfer it is one, unless a message of the control connection turns out to have it.
 */
export class MessageSecurity implements AsyncDisposable {
  /** The word behind AUTH, in upper case. */
  readonly mechanism: string;
  readonly facts: SecurityContextFacts;
  readonly #context: SecurityContext;
  readonly #numbers = new UsedNumbers();

  constructor(mechanism: string, context: SecurityContext, facts: SecurityContextFacts) {
    this.mechanism = mechanism;
    this.#context = context;
    this.facts = facts;
  }

  /** Whether the time of the context is over. */
  get hasExpired(): boolean {
    const { expiresAtMs } = this.facts;
    return expiresAtMs !== undefined && Date.now() >= expiresAtMs;
  }

  /** Seals octets, and encrypts them where `confidential`. @throws {SecurityMechanismError} */
  seal(octets: Uint8Array, confidential: boolean, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    return this.#context.wrap(octets, confidential, into);
  }

  /**
   * Opens a message of the control connection.
   *
   * @throws {SecurityMechanismError} `message-rejected`, also for a message that was opened before or is too old to
   *   tell; `context-expired`.
   */
  async open(token: Uint8Array): Promise<OpenedMessage> {
    const message = await this.#open(token);
    refuseRepeated(message);
    if (message.sequence !== undefined) this.#numbers.noteControl(message.sequence);
    return message;
  }

  /**
   * Opens a message of a data connection, whose place {@link TransferOrder} judges by its number, where it shows one. The
   * mechanism's word on its order does not count then: blocks that a command overtook by far are old to it, and
   * duplicates to MIT's library 1.20, which loses track when it passes over 64 numbers at once (measured).
   *
   * @throws as {@link open}.
   */
  async openData(token: Uint8Array, into?: Uint8Array<ArrayBuffer>): Promise<OpenedMessage> {
    const message = await this.#open(token, into);
    if (message.sequence === undefined) refuseRepeated(message);
    return message;
  }

  /** How many octets fit into a token of at most `tokenBytesMax`; 0 where none do. @throws {SecurityMechanismError} */
  sizeLimit(tokenBytesMax: number, confidential: boolean): Promise<number> {
    return this.#context.wrapSizeLimit(tokenBytesMax, confidential);
  }

  /** The order of the messages of a transfer that begins now. */
  transferOrder(): TransferOrder {
    return new TransferOrder(this.#numbers);
  }

  /** Releases the context; nothing can be sealed or opened any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context[Symbol.asyncDispose]();
  }

  async #open(token: Uint8Array, into?: Uint8Array<ArrayBuffer>): Promise<OpenedMessage> {
    if (this.hasExpired) throw new SecurityMechanismError("context-expired", "The context has expired");
    return this.#context.unwrap(token, into);
  }
}

/** Which of the peer's numbers have been used, by messages of either connection. */
class UsedNumbers {
  /** Those of the last commands or replies, oldest first. */
  readonly control = new Set<bigint>();
  highestControl: bigint | undefined;
  /** Numbers on data connections only grow. */
  lastData: bigint | undefined;
  #highestForgotten = -1n;

  noteControl(number: bigint): void {
    this.control.add(number);
    if (this.highestControl === undefined || number > this.highestControl) this.highestControl = number;
    if (this.control.size <= rememberedNumbersCount) return;
    for (const oldest of this.control) {
      this.control.delete(oldest);
      if (oldest > this.#highestForgotten) this.#highestForgotten = oldest;
      break;
    }
  }

  /** Whether a message of a data connection may have this number. */
  isFreeForData(number: bigint): boolean {
    if (this.lastData !== undefined && number <= this.lastData) return false;
    return number > this.#highestForgotten && !this.control.has(number);
  }
}

/** Holds the messages of one transfer against each other: they come in order, and none of them is missing. */
export class TransferOrder {
  readonly #numbers: UsedNumbers;
  #before: bigint | undefined;
  #missing: bigint[] = [];

  constructor(numbers: UsedNumbers) {
    this.#numbers = numbers;
    this.#before = numbers.highestControl;
  }

  /** Takes the next message of the transfer; false where it does not follow the one before. */
  follows({ sequence }: OpenedMessage): boolean {
    // Mechanisms that do not number their messages openly have said all they know by `order`.
    if (sequence === undefined) return true;
    if (!this.#numbers.isFreeForData(sequence)) return false;
    const before = this.#before;
    this.#before = this.#numbers.lastData = sequence;
    // Commands may have overtaken the first message of a transfer.
    if (before === undefined || sequence < before) return true;
    if (sequence - before > rememberedNumbersCount) return false;
    for (let number = before + 1n; number < sequence; number++) {
      if (!this.#numbers.control.has(number)) this.#missing.push(number);
    }
    return this.#missing.length <= rememberedNumbersCount;
  }

  /** Waits a moment for messages of the control connection that are on their way; false where a number stays missing. */
  async isWhole(): Promise<boolean> {
    for (let waitedMs = 0; ; waitedMs += stepMs) {
      this.#missing = this.#missing.filter((number) => !this.#numbers.control.has(number));
      if (this.#missing.length === 0 || waitedMs >= interleavingMs) return this.#missing.length === 0;
      // oxlint-disable-next-line no-await-in-loop -- time has to pass
      await pause(stepMs);
    }
  }
}

function refuseRepeated({ order }: OpenedMessage): void {
  if (order !== "duplicate" && order !== "old") return;
  const how = order === "old" ? "too old" : "a duplicate";
  throw new SecurityMechanismError("message-rejected", `The message is ${how}`);
}

/** More commands than may wait behind a transfer, and more replies than a client can be owed. */
const rememberedNumbersCount = 256;
const interleavingMs = 2_000;
const stepMs = 20;
