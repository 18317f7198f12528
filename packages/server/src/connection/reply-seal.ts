import {
  bytesFromOctets,
  type EnvelopeCode,
  type LimitValues,
  type MessageLevel,
  type Octets,
  protectedReply,
} from "@sallyport/protocol";
import type { MessageSecurity } from "@sallyport/transport";

/** What a {@link ReplySeal} serves. */
export interface ReplySealOwner {
  /** Writes octets as they are. */
  put(octets: Octets): void;
  /** A reply could not be sealed; it and all that follow are dropped, but for what is said in the clear. */
  onFailed(error: unknown): void;
  /** It {@link ReplySeal.isBehind} no longer. */
  onCaughtUp(): void;
}

export type ReplySealLimits = Pick<LimitValues, "mechanismRepliesBytes">;

const codes: Readonly<Record<MessageLevel, EnvelopeCode>> = { MIC: 631, ENC: 632 };

/**
 * The way of replies through a security mechanism, which answers later: sealed each at the level of its command, and
 * written in the order in which they were said (RFC 2228 §7, R-2228-11).
 */
export class ReplySeal {
  readonly security: MessageSecurity;
  /** That of the last command; for replies that answer none. */
  lastLevel: MessageLevel = "MIC";
  readonly #owner: ReplySealOwner;
  readonly #limits: ReplySealLimits;
  /** `optional` after CCC; `released`: what is still said is clear. */
  #mode: "required" | "optional" | "released" | "failed" = "required";
  #tail: Promise<void> = Promise.resolve();
  #waitingCount = 0;
  #waitingBytes = 0;

  constructor(security: MessageSecurity, limits: ReplySealLimits, owner: ReplySealOwner) {
    this.security = security;
    this.#limits = limits;
    this.#owner = owner;
  }

  /** Whether replies can still be sealed. */
  get hasFailed(): boolean {
    return this.#mode === "failed";
  }

  /** Whether everything that was said is written. */
  get isQuiet(): boolean {
    return this.#waitingCount === 0;
  }

  /** Whether so much waits for the mechanism that no more commands may be taken (S-15). */
  get isBehind(): boolean {
    return this.#waitingBytes > this.#limits.mechanismRepliesBytes;
  }

  /** Says an encoded reply at a level; without one, at that of the last command as long as all commands need one. */
  say(encoded: Octets, level?: MessageLevel): void {
    const chosen = level ?? (this.#mode === "required" ? this.lastLevel : undefined);
    if (chosen === undefined || this.#mode === "released") return this.sayInClear(encoded);
    if (this.#mode === "failed") return;
    this.#then(encoded, async () => {
      if (this.hasFailed) return;
      try {
        this.#owner.put(protectedReply(codes[chosen], await this.#tokensOf(encoded, chosen === "ENC")));
      } catch (error) {
        this.#mode = "failed";
        this.#owner.onFailed(error);
      }
    });
  }

  /** Says octets as they are, behind what was said before. */
  sayInClear(octets: Octets): void {
    if (this.isQuiet) return this.#owner.put(octets);
    this.#then(octets, async () => this.#owner.put(octets));
  }

  /** CCC: commands in the clear are answered in the clear. */
  becomeOptional(): void {
    this.#mode = "optional";
  }

  /** Everything that is said from now on is clear; resolves when what was said before is written. */
  async release(): Promise<void> {
    if (!this.hasFailed) this.#mode = "released";
    await this.flushed();
  }

  flushed(): Promise<void> {
    return this.#tail;
  }

  /** MIT's client reads replies line by line, and its server seals them so. */
  async #tokensOf(encoded: Octets, confidential: boolean): Promise<Uint8Array[]> {
    const lines = encoded.split(/(?<=\r\n)/).map((line) => bytesFromOctets(line as Octets));
    const tokens: Uint8Array[] = [];
    for (let at = 0; at < lines.length; at += linesAtOnce) {
      const some = lines.slice(at, at + linesAtOnce);
      // oxlint-disable-next-line no-await-in-loop -- a listing by STAT has thousands of lines
      tokens.push(...(await Promise.all(some.map((line) => this.security.seal(line, confidential)))));
    }
    return tokens;
  }

  #then({ length }: Octets, act: () => Promise<void>): void {
    this.#waitingCount += 1;
    this.#waitingBytes += length;
    this.#tail = this.#actBehind(this.#tail, length, act);
  }

  async #actBehind(before: Promise<void>, length: number, act: () => Promise<void>): Promise<void> {
    await before;
    try {
      await act();
    } finally {
      const wasBehind = this.isBehind;
      this.#waitingCount -= 1;
      this.#waitingBytes -= length;
      if (wasBehind && !this.isBehind) this.#owner.onCaughtUp();
    }
  }
}

const linesAtOnce = 64;
