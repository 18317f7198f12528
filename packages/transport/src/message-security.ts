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
  /** Numbers of the last messages of the control connection, oldest first. */
  readonly #controlNumbers = new Set<bigint>();
  #highest: bigint | undefined;

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
    const message = await this.openData(token);
    const { sequence } = message;
    if (sequence !== undefined) {
      this.#controlNumbers.add(sequence);
      if (this.#controlNumbers.size > rememberedNumbersCount) {
        for (const oldest of this.#controlNumbers) {
          this.#controlNumbers.delete(oldest);
          break;
        }
      }
      if (this.#highest === undefined || sequence > this.#highest) this.#highest = sequence;
    }
    return message;
  }

  /** Opens a message of a data connection, whose place {@link TransferOrder} judges. @throws as {@link open}. */
  async openData(token: Uint8Array, into?: Uint8Array<ArrayBuffer>): Promise<OpenedMessage> {
    if (this.hasExpired) throw new SecurityMechanismError("context-expired", "The context has expired");
    const message = await this.#context.unwrap(token, into);
    if (message.order === "duplicate" || message.order === "old") {
      throw new SecurityMechanismError("message-rejected", `The message is ${orders[message.order]}`);
    }
    return message;
  }

  /** How many octets fit into a token of at most `tokenBytesMax`; 0 where none do. @throws {SecurityMechanismError} */
  sizeLimit(tokenBytesMax: number, confidential: boolean): Promise<number> {
    return this.#context.wrapSizeLimit(tokenBytesMax, confidential);
  }

  /** The order of the messages of a transfer that begins now. */
  transferOrder(): TransferOrder {
    return new TransferOrder(this.#controlNumbers, this.#highest);
  }

  /** Releases the context; nothing can be sealed or opened any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context[Symbol.asyncDispose]();
  }
}

/** Holds the messages of one transfer against each other: they come in order, and none of them is missing. */
export class TransferOrder {
  readonly #controlNumbers: ReadonlySet<bigint>;
  readonly #floor: bigint | undefined;
  #last: bigint | undefined;
  #missing: bigint[] = [];

  constructor(controlNumbers: ReadonlySet<bigint>, floor: bigint | undefined) {
    this.#controlNumbers = controlNumbers;
    this.#floor = floor;
  }

  /** Takes the next message of the transfer; false where it does not follow the one before. */
  follows({ sequence }: OpenedMessage): boolean {
    // Mechanisms that do not number their messages openly have said all they know by `order`.
    if (sequence === undefined) return true;
    const before = this.#last ?? this.#floor;
    this.#last = sequence;
    if (before === undefined) return true;
    // Commands that overtook the first message of a transfer raised the floor above it.
    if (sequence <= before) return before === this.#floor;
    if (sequence - before > rememberedNumbersCount) return false;
    for (let number = before + 1n; number < sequence; number++) {
      if (!this.#controlNumbers.has(number)) this.#missing.push(number);
    }
    return this.#missing.length <= rememberedNumbersCount;
  }

  /** Waits a moment for messages of the control connection that are on their way; false where a number stays missing. */
  async isWhole(): Promise<boolean> {
    for (let waitedMs = 0; ; waitedMs += stepMs) {
      this.#missing = this.#missing.filter((number) => !this.#controlNumbers.has(number));
      if (this.#missing.length === 0 || waitedMs >= interleavingMs) return this.#missing.length === 0;
      // oxlint-disable-next-line no-await-in-loop -- time has to pass
      await pause(stepMs);
    }
  }
}

const orders = { duplicate: "a duplicate", old: "too old" } as const;

/** More commands than may wait behind a transfer, and more replies than a client can be owed. */
const rememberedNumbersCount = 256;
const interleavingMs = 2_000;
const stepMs = 20;
