import type { LimitValues, Octets, UserPiEffect, UserPiEvent } from "@sallyport/protocol";
import type { MessageSecurity } from "@sallyport/transport";
import { setTimeout as pause } from "node:timers/promises";
import { Envelopes } from "./envelopes.ts";
import { type MessageSecurityPlan, SecurityExchange } from "./security-exchange.ts";

export interface MessageProtectionEvents {
  /** Sends a line on the control connection. */
  send(line: Octets): void;
  /** Takes octets of replies. */
  onReply(octets: Uint8Array): void;
  /** Leaves octets to TCP where there is no room. */
  onRoom(hasRoom: boolean): void;
  /** Asked before the first envelope: whether nothing was heard in clear that is not done with. */
  begins(): boolean;
  step(event: UserPiEvent): void;
}

/** AUTH GSSAPI on one control connection: first the exchange of tokens, then envelopes. */
export class MessageProtection {
  readonly #exchange: SecurityExchange | undefined;
  readonly #plan: MessageSecurityPlan | undefined;
  readonly #limits: LimitValues;
  readonly #events: MessageProtectionEvents;
  #envelopes: Envelopes | undefined;
  #isOver = false;

  /** @param plan undefined where the policy has no GSSAPI. */
  constructor(plan: MessageSecurityPlan | undefined, limits: LimitValues, events: MessageProtectionEvents) {
    this.#exchange = plan && new SecurityExchange(plan, limits);
    this.#plan = plan;
    this.#limits = limits;
    this.#events = events;
  }

  /** Undefined while commands go in clear or in TLS. */
  get envelopes(): Envelopes | undefined {
    return this.#envelopes;
  }

  /** Whether the context does not see the next transfer through. */
  get isExpiring(): boolean {
    const { expiresAtMs = Number.POSITIVE_INFINITY } = this.#envelopes?.security.facts ?? {};
    return expiresAtMs - Date.now() < expiryMarginMs;
  }

  /** Does what the user-PI wants of the mechanism, and tells it what came of it. Never rejects. */
  async take(effect: Extract<UserPiEffect, { kind: "next-security-token" }>): Promise<void> {
    try {
      const answer = await this.#exchange?.take(effect);
      if (answer?.kind === "security-established") return await this.#begin(answer.security);
      this.#events.step(answer ?? { kind: "security-failed", cause: undefined });
    } catch (cause) {
      this.#events.step({ kind: "security-failed", cause });
    }
  }

  /** Waits until what was said is on its way, though not for ever. */
  async flushed(): Promise<void> {
    await Promise.race([this.#envelopes?.sent, pause(this.#limits.lingerMs, undefined, { ref: false })]);
  }

  /** Releases the context. */
  async close(): Promise<void> {
    this.#isOver = true;
    await this.#envelopes?.close();
    await this.#exchange?.[Symbol.asyncDispose]().catch(() => {});
  }

  async #begin(security: MessageSecurity): Promise<void> {
    const { send, onReply, onRoom, begins, step } = this.#events;
    if (this.#isOver) return await security[Symbol.asyncDispose]();
    const isClean = begins();
    this.#envelopes = new Envelopes(security, {
      limits: this.#limits,
      encryptsCommands: this.#plan?.encryptsCommands !== false,
      send,
      onReply,
      onRoom,
      onUnprotected: (line) => step({ kind: "failure", failure: "reply-unprotected", line }),
      onFailed: (cause) => step({ kind: "security-failed", cause }),
    });
    if (isClean) step({ kind: "security-established" });
    else step({ kind: "failure", failure: "reply-unprotected", line: "" as Octets });
  }
}

const expiryMarginMs = 60_000;
