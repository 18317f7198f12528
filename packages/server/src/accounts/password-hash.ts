import { randomBytes, timingSafeEqual } from "node:crypto";
import { availableParallelism } from "node:os";
import { limitValues, type LimitValues } from "@sallyport/protocol";
import { AccountError } from "./account-error.ts";
import { equalTexts } from "./crypt/equal-texts.ts";
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
  /** Hashes of the usual cost in the making at once. Absent: one for each core. */
  readonly concurrency?: number;
}

/**
 * Makes and checks password hashes off the event loop, a bounded number at a time and behind everything else. New hashes are argon2id with 19 MiB,
 * two passes and one lane (the smallest of the equal choices of OWASP's cheat sheet; 35 ms of one core), in PHC form.
 */
export class PasswordHasher implements AsyncDisposable {
  readonly #limits: LimitValues;
  readonly #argon2Queue: WorkQueue;
  /** Hashes that cost seconds wait for each other here, and hold up nobody else. */
  readonly #slowArgon2Queue: WorkQueue;
  readonly #foreignQueue: WorkQueue;
  readonly #threads = new HashThreads();

  constructor(options: PasswordHasherOptions = {}) {
    this.#limits = limitValues(options.limits);
    const bounds = { waitingMax: this.#limits.passwordQueueCount, waitMaxMs: this.#limits.passwordWaitMs };
    this.#argon2Queue = new WorkQueue({ ...bounds, concurrency: options.concurrency ?? availableParallelism() });
    this.#slowArgon2Queue = new WorkQueue({ ...bounds, concurrency: 1 });
    this.#foreignQueue = new WorkQueue({ ...bounds, concurrency: 1 });
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
    const tag = await this.#argon2Queue.run(() => this.#tagOf(password, empty));
    return formatArgon2id({ ...empty, tag });
  }

  /**
   * Checks a password against a stored hash. An empty, unknown, malformed or too costly hash matches nothing and says
   * so at once; a password that is too long matches nothing. Where others wait, the place says who is next.
   *
   * @throws {AccountError} kind `busy` when the queue is full; `failed` when a thread dies.
   */
  async verify(password: string, storedHash: string, place?: QueuePlace): Promise<PasswordVerdict> {
    const hash = parsePasswordHash(storedHash, this.#limits);
    if (!isPasswordHash(hash)) return hash;
    if (!this.allows(password)) return "mismatch";
    return (await this.#matches(password, hash, place)) ? "match" : "mismatch";
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
    return workKib(hash) < workKib(newHashCost) || this.#queueOf(hash) === this.#slowArgon2Queue;
  }

  /** Ends the threads; they start again when they are needed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads[Symbol.asyncDispose]();
  }

  #matches(password: string, hash: PasswordHash, place: QueuePlace | undefined): Promise<boolean> | boolean {
    if (hash.scheme === "argon2id") {
      const check = async () => timingSafeEqual(await this.#tagOf(password, hash), hash.tag);
      return this.#queueOf(hash).run(check, place);
    }
    const { scheme, text } = hash;
    if (scheme === "sha1") return equalTexts(sha1Text(password), text);
    return this.#foreignQueue.run(() => this.#threads.check({ scheme, text, password }), place);
  }

  #tagOf(password: string, { salt, memoryKib, passes, parallelism, tag }: Argon2idHash): Promise<Uint8Array> {
    return this.#threads.argon2id({ password, salt, memoryKib, passes, parallelism, tagBytes: tag.length });
  }

  #queueOf(hash: Argon2idHash): WorkQueue {
    return workKib(hash) > 8 * workKib(newHashCost) ? this.#slowArgon2Queue : this.#argon2Queue;
  }
}

/** A well-formed hash of the kind that is made today, which no password matches: its tag is random. */
export function unmatchableHash(): string {
  return formatArgon2id({ ...newHashCost, salt: randomBytes(16), tag: randomBytes(32) });
}

const newHashCost = { scheme: "argon2id", memoryKib: 19_456, passes: 2, parallelism: 1 } as const;

/** What argon2id costs is close to proportional to the memory that it writes. */
function workKib({ memoryKib, passes }: Pick<Argon2idHash, "memoryKib" | "passes">): number {
  return memoryKib * passes;
}
