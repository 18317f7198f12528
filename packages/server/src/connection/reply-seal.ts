import {
  bytesFromOctets,
  type EnvelopeCode,
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
}

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
  /** `optional` after CCC; `released`: what is still said is clear. */
  #mode: "required" | "optional" | "released" | "failed" = "required";
  #tail: Promise<void> = Promise.resolve();
  #waitingCount = 0;

  constructor(security: MessageSecurity, owner: ReplySealOwner) {
    this.security = security;
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

  /** Says an encoded reply at a level; without one, at that of the last command as long as all commands need one. */
  say(encoded: Octets, level?: MessageLevel): void {
    const chosen = level ?? (this.#mode === "required" ? this.lastLevel : undefined);
    if (chosen === undefined || this.#mode === "released") return this.sayInClear(encoded);
    if (this.#mode === "failed") return;
    // MIT's client reads replies line by line, and its server seals them so.
    const lines = encoded.split(/(?<=\r\n)/).map((line) => bytesFromOctets(line as Octets));
    const tokens = Promise.all(lines.map((line) => this.security.seal(line, chosen === "ENC")));
    // Whoever waits for the replies before it may come too late to hear of its failure.
    tokens.catch(() => undefined);
    this.#then(async () => {
      if (this.hasFailed) return;
      try {
        this.#owner.put(protectedReply(codes[chosen], await tokens));
      } catch (error) {
        if (this.hasFailed) return;
        this.#mode = "failed";
        this.#owner.onFailed(error);
      }
    });
  }

  /** Says octets as they are, behind what was said before. */
  sayInClear(octets: Octets): void {
    if (this.isQuiet) return this.#owner.put(octets);
    this.#then(async () => this.#owner.put(octets));
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

  #then(act: () => Promise<void>): void {
    this.#waitingCount += 1;
    const done = (): void => void (this.#waitingCount -= 1);
    this.#tail = this.#tail.then(act).then(done, done);
  }
}
