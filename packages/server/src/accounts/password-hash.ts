import { randomBytes, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";
import { limitValues, type LimitValues } from "@sallyport/protocol";
import { AccountError } from "./account-error.ts";
import { equalTexts } from "./crypt/equal-texts.ts";
import type { HashThreadKind } from "./crypt/hash-thread.ts";
import { HashThreads } from "./crypt/hash-threads.ts";
import { sha1Text } from "./crypt/sha1-text.ts";
import {
  type Argon2idHash,
  formatArgon2id,
  isPasswordHash,
  type PasswordHash,
  parsePasswordHash,
  type PasswordHashRefusal,
} from "./password-scheme.ts";
import { type QueuePlace, WorkQueue } from "./work-queue.ts";

/** The answer to a password check; a refusal says why this hash matches no password at all. */
export type PasswordVerdict = "match" | "mismatch" | PasswordHashRefusal;

/** What a {@link PasswordHasher} may use. */
export interface PasswordHasherOptions {
  readonly limits?: Partial<LimitValues>;
  /** Hashes of the usual cost in the making at once, and as many of those who fail. Absent: one for each core. */
  readonly concurrency?: number;
}

/**
 * Makes and checks password hashes off the event loop, a bounded number at a time. New hashes are argon2id with 19 MiB,
 * two passes and one lane (the smallest of the equal choices of OWASP's cheat sheet; 35 ms of one core), in PHC form.
 *
 * Those who have just given a wrong password have a lane of their own, which gets the time that everything else leaves:
 * guesses neither take the cores from running transfers nor hold up a good login.
 */
export class PasswordHasher implements AsyncDisposable {
  readonly #limits: LimitValues;
  readonly #prompt: HashLane;
  readonly #patient: HashLane;

  constructor(options: PasswordHasherOptions = {}) {
    this.#limits = limitValues(options.limits);
    const concurrency = options.concurrency ?? availableParallelism();
    this.#prompt = new HashLane("prompt", concurrency, this.#limits);
    this.#patient = new HashLane("patient", concurrency, this.#limits);
  }

  /**
   * Hashes a new password.
   *
   * @throws {AccountError} kind `password-not-allowed` when it is empty or longer than `passwordBytes` in UTF-8; kind
   * `busy` when the queue is full.
   */
  async hash(password: string): Promise<string> {
    if (password === "") throw new AccountError("password-not-allowed", "the password is empty");
    if (!this.allows(password)) {
      const bytes = this.#limits.passwordBytes;
      throw new AccountError("password-not-allowed", `the password is longer than ${bytes} octets`);
    }
    const empty: Argon2idHash = { ...newHashCost, salt: randomBytes(16), tag: new Uint8Array(32) };
    const tag = await this.#patient.argon2id(password, empty);
    return formatArgon2id({ ...empty, tag });
  }

  /**
   * Checks a password against a stored hash. An empty, unknown, malformed or too costly hash matches nothing and says
   * so at once; a password that is too long matches nothing. Where others wait, the place says who is next, and whether
   * it is checked behind everything else.
   *
   * @throws {AccountError} kind `busy` when the queue is full; `failed` when a thread dies.
   */
  async verify(password: string, storedHash: string, place?: QueuePlace): Promise<PasswordVerdict> {
    const hash = parsePasswordHash(storedHash, this.#limits);
    if (!isPasswordHash(hash)) return hash;
    if (!this.allows(password)) return "mismatch";
    const lane = place?.precedence === "failing" ? this.#patient : this.#prompt;
    return (await lane.matches(password, hash, place)) ? "match" : "mismatch";
  }

  /** Whether a password is short enough to be hashed at all: `passwordBytes` octets of UTF-8. */
  allows(password: string): boolean {
    return Buffer.byteLength(password, "utf8") <= this.#limits.passwordBytes;
  }

  /** Why a hash could never match, or undefined if it can; asked before a hash is stored. */
  refusal(storedHash: string): PasswordHashRefusal | undefined {
    const hash = parsePasswordHash(storedHash, this.#limits);
    return isPasswordHash(hash) ? undefined : hash;
  }

  /**
   * Whether a hash that has just matched should be replaced: another scheme, or a cost that is lower than today's or so
   * high that it hinders.
   */
  isOutdated(storedHash: string): boolean {
    const hash = parsePasswordHash(storedHash, this.#limits);
    if (!isPasswordHash(hash)) return false;
    if (hash.scheme !== "argon2id") return true;
    return workKib(hash) < workKib(newHashCost) || isSlow(hash);
  }

  /** Ends the threads; they start again when they are needed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#prompt, this.#patient].map((lane) => lane.end()));
  }
}

/** Threads of one kind with the queues before them. */
class HashLane {
  readonly #threads: HashThreads;
  readonly #argon2Queue: WorkQueue;
  /** Hashes that cost seconds wait for each other here, and hold up nobody else. */
  readonly #slowArgon2Queue: WorkQueue;
  readonly #foreignQueue: WorkQueue;

  constructor(kind: HashThreadKind, concurrency: number, limits: LimitValues) {
    const bounds = { waitingMax: limits.passwordQueueCount, waitMaxMs: limits.passwordWaitMs };
    this.#threads = new HashThreads(kind);
    this.#argon2Queue = new WorkQueue({ ...bounds, concurrency });
    this.#slowArgon2Queue = new WorkQueue({ ...bounds, concurrency: 1 });
    this.#foreignQueue = new WorkQueue({ ...bounds, concurrency: 1 });
  }

  async matches(password: string, hash: PasswordHash, place: QueuePlace | undefined): Promise<boolean> {
    if (hash.scheme === "argon2id") return timingSafeEqual(await this.argon2id(password, hash, place), hash.tag);
    const { scheme, text } = hash;
    if (scheme === "sha1") return equalTexts(sha1Text(password), text);
    return this.#foreignQueue.run(() => this.#threads.check({ scheme, text, password }), place);
  }

  /** The tag that a password has with the salt and cost of a hash. */
  argon2id(password: string, hash: Argon2idHash, place?: QueuePlace): Promise<Uint8Array> {
    const { salt, memoryKib, passes, parallelism, tag } = hash;
    const queue = isSlow(hash) ? this.#slowArgon2Queue : this.#argon2Queue;
    const job = { password, salt, memoryKib, passes, parallelism, tagBytes: tag.length };
    return queue.run(() => this.#threads.argon2id(job), place);
  }

  end(): Promise<void> {
    return this.#threads[Symbol.asyncDispose]();
  }
}

/** A well-formed hash of the kind that is made today, which no password matches: its tag is random. */
export function unmatchableHash(): string {
  return formatArgon2id({ ...newHashCost, salt: randomBytes(16), tag: randomBytes(32) });
}

const newHashCost = { scheme: "argon2id", memoryKib: 19_456, passes: 2, parallelism: 1 } as const;

function isSlow(hash: Argon2idHash): boolean {
  return workKib(hash) > 8 * workKib(newHashCost);
}

/** What argon2id costs is close to proportional to the memory that it writes. */
function workKib({ memoryKib, passes }: Pick<Argon2idHash, "memoryKib" | "passes">): number {
  return memoryKib * passes;
}
