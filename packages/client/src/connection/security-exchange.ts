import { decodeBase64, encodeBase64, type LimitValues, type Octets, type UserPiEffect } from "@sallyport/protocol";
import {
  isSecurityMechanismError,
  MessageSecurity,
  type SecurityContext,
  type SecurityContextFacts,
  type SecurityContextStep,
  type SecurityMechanism,
  SecurityMechanismError,
} from "@sallyport/transport";

/** How a control connection is protected by a mechanism with messages of its own. */
export interface MessageSecurityPlan {
  readonly mechanism: SecurityMechanism;
  /** Names of the server, such as `ftp@host.example`; the next one is tried where one leads nowhere (R-GSS-02). */
  readonly targets: readonly string[];
  readonly delegate: boolean;
  /** Whether commands are encrypted (ENC); otherwise they are sealed alone (MIC), but for those with secrets. */
  readonly encryptsCommands: boolean;
  /** Whether anything is to be encrypted, which the mechanism then has to be able to. */
  readonly needsConfidentiality: boolean;
}

/** What comes of a step: another token for the server, or the protection. */
export type ExchangeAnswer =
  | { readonly kind: "security-token"; readonly token: Octets }
  | { readonly kind: "security-established"; readonly security: MessageSecurity };

/** The exchange of tokens on one control connection (RFC 2228 §3, RFC 2743 §2.2), as the client. */
export class SecurityExchange implements AsyncDisposable {
  readonly #plan: MessageSecurityPlan;
  readonly #limits: Pick<LimitValues, "replyMs">;
  #targetsTried = 0;
  #context: SecurityContext | undefined;
  #facts: SecurityContextFacts | undefined;

  constructor(plan: MessageSecurityPlan, limits: Pick<LimitValues, "replyMs">) {
    this.#plan = plan;
    this.#limits = limits;
  }

  /** Does what the user-PI wants of the mechanism. Rejects with SecurityMechanismError. */
  async take({ step, token }: Extract<UserPiEffect, { kind: "next-security-token" }>): Promise<ExchangeAnswer> {
    if (step === "first") return tokenOf(await this.#begin());
    if (step === "next") return tokenOf(await this.#goOn(token));
    const more = token === undefined ? undefined : (await this.#goOn(token)).token;
    if (more !== undefined) throw rejected("The server ended the exchange of tokens before its end");
    return { kind: "security-established", security: this.#established() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    await context?.[Symbol.asyncDispose]();
  }

  /** The first token for the first target that the mechanism knows. */
  async #begin(): Promise<SecurityContextStep> {
    const { mechanism, targets, delegate } = this.#plan;
    let unknown: unknown = rejected("No other name of the server is left to try");
    for (const target of targets.slice(this.#targetsTried)) {
      this.#targetsTried += 1;
      try {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await this[Symbol.asyncDispose]();
        this.#facts = undefined;
        // oxlint-disable-next-line no-await-in-loop
        this.#context = await this.#inTime(mechanism.initiate(target, { delegate }));
        // oxlint-disable-next-line no-await-in-loop
        return await this.#step(this.#context, undefined);
      } catch (error) {
        if (!isUnknown(error)) throw error;
        // What the KDC says of the first name is of more use than what it says of the last.
        if (!isUnknown(unknown)) unknown = error;
      }
    }
    throw unknown;
  }

  #goOn(token: Octets | undefined): Promise<SecurityContextStep> {
    const octets = decodeBase64(token ?? "");
    if (this.#context === undefined || this.#facts !== undefined || token === undefined || octets === undefined) {
      throw rejected("The server sent a token where none may come, or none where one has to");
    }
    return this.#step(this.#context, octets);
  }

  async #step(context: SecurityContext, token: Uint8Array | undefined): Promise<SecurityContextStep> {
    const stepped = await this.#inTime(context.step(token));
    this.#facts = stepped.facts;
    return stepped;
  }

  /** Hands the context over. */
  #established(): MessageSecurity {
    const context = this.#context;
    const facts = this.#facts;
    if (context === undefined || facts === undefined) {
      throw rejected("The server ended the exchange of tokens without proving who it is");
    }
    const { mechanism, needsConfidentiality } = this.#plan;
    const isEnough = facts.integrity && facts.detectsReplays && (facts.confidentiality || !needsConfidentiality);
    if (!isEnough) {
      throw new SecurityMechanismError("failed", "The mechanism does not protect as much as is asked for");
    }
    this.#context = undefined;
    return new MessageSecurity(mechanism.name, context, facts);
  }

  /** A KDC that does not answer keeps the mechanism waiting. */
  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { replyMs } = this.#limits;
    const { promise, reject } = Promise.withResolvers<never>();
    const late = (): void => reject(new SecurityMechanismError("failed", `No answer within ${replyMs} ms`));
    const timer = setTimeout(late, replyMs);
    try {
      return await Promise.race([answer, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isUnknown(error: unknown): boolean {
  return isSecurityMechanismError(error) && error.fault === "unknown-principal";
}

function tokenOf({ token }: SecurityContextStep): ExchangeAnswer {
  if (token === undefined) throw rejected("The server wants a token, and there is none to send");
  return { kind: "security-token", token: encodeBase64(token) };
}

function rejected(message: string): SecurityMechanismError {
  return new SecurityMechanismError("token-rejected", message);
}
