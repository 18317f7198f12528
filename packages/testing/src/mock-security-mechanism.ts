import {
  type SecurityContext,
  type SecurityContextFacts,
  type SecurityContextStep,
  type SecurityMechanism,
  SecurityMechanismError,
  type SecurityMechanismFault,
} from "@sallyport/transport";
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { type MessageKeys, MockMessages } from "./mock-security-messages.ts";

export interface MockMechanismOptions {
  /** Tokens until both ends are complete. 1: the client's alone; 2: the server answers with 235; 3: it asks on with 335. */
  readonly legs?: 1 | 2 | 3;
  /** Who initiates; default `alice@MOCK.TEST`. */
  readonly user?: string;
  /** The services that exist; default `ftp@localhost` and `host@localhost`. Others are an unknown principal. */
  readonly targets?: readonly string[];
  /** The account that the acceptor maps a peer to; default: the name before `@MOCK.TEST`. */
  readonly localName?: (peerName: string) => string | undefined;
  readonly integrity?: boolean;
  readonly confidentiality?: boolean;
  /** What is said of it; they always show. */
  readonly detectsReplays?: boolean;
  /** How long contexts hold; default: for ever. */
  readonly lifetimeMs?: number;
}

export type MockCall = "accept" | "initiate" | "step" | "wrap" | "unwrap" | "wrapSizeLimit";

/** A mechanism in this process, whose contexts understand those of every other one: no Kerberos, nothing random but keys. */
export interface MockMechanism extends SecurityMechanism {
  /** Contexts that were made and not disposed. */
  readonly openContextsCount: number;
  /** The next call of this kind, of any context, fails. */
  failNext(call: MockCall, fault: SecurityMechanismFault): void;
  /** All contexts that there are expire now. */
  expire(): void;
  /** As if its process died: what is pending and every context that there is are `unavailable`, new ones work. */
  die(): void;
  /** Answers nothing until the returned function is called. */
  hold(): () => void;
}

interface Opening {
  readonly leg: number;
  readonly legs: number;
  readonly exchange: string;
  readonly user: string;
  readonly target: string;
}

const secret = Buffer.from("what every mock of this project knows");
const macBytes = 32;

/**
 * Makes a mock of a security mechanism. Its messages are as long as those of Kerberos with AES-256: 28 octets more than
 * what they hold, and 60 more where they are encrypted.
 */
export function mockMechanism(options: MockMechanismOptions = {}): MockMechanism {
  return new Mechanism(options);
}

class Mechanism implements MockMechanism {
  readonly name = "GSSAPI";
  readonly options: MockMechanismOptions;
  readonly #contexts = new Set<Context>();
  readonly #failures = new Map<MockCall, SecurityMechanismFault>();
  readonly #exchangesSeen = new Set<string>();
  #held: Promise<void> | undefined;

  constructor(options: MockMechanismOptions) {
    this.options = options;
  }

  get openContextsCount(): number {
    return this.#contexts.size;
  }

  async accept(): Promise<SecurityContext> {
    await this.answer("accept");
    return this.#add(new Context(this, undefined));
  }

  async initiate(target: string): Promise<SecurityContext> {
    await this.answer("initiate");
    return this.#add(new Context(this, target));
  }

  failNext(call: MockCall, fault: SecurityMechanismFault): void {
    this.#failures.set(call, fault);
  }

  expire(): void {
    for (const context of this.#contexts) context.expiresAtMs = 0;
  }

  die(): void {
    for (const context of this.#contexts) context.isDead = true;
  }

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  /** What every call goes through: it is answered later, and fails where a test asked for it. */
  async answer(call: MockCall): Promise<void> {
    await this.#held;
    const fault = this.#failures.get(call);
    this.#failures.delete(call);
    if (fault !== undefined) throw new SecurityMechanismError(fault, `the test lets ${call} fail`);
  }

  /** Whether an exchange is new, as a replay cache tells. */
  isFresh(exchange: string): boolean {
    if (this.#exchangesSeen.has(exchange)) return false;
    this.#exchangesSeen.add(exchange);
    return true;
  }

  forget(context: Context): void {
    this.#contexts.delete(context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.die();
    this.#contexts.clear();
  }

  #add(context: Context): Context {
    this.#contexts.add(context);
    return context;
  }
}

class Context implements SecurityContext {
  expiresAtMs = Number.POSITIVE_INFINITY;
  isDead = false;
  readonly #mechanism: Mechanism;
  readonly #target: string | undefined;
  #legsDone = 0;
  #opening: Opening | undefined;
  #messages: MockMessages | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param target undefined for the acceptor. */
  constructor(mechanism: Mechanism, target: string | undefined) {
    this.#mechanism = mechanism;
    this.#target = target;
  }

  step(token: Uint8Array | undefined): Promise<SecurityContextStep> {
    return this.#inTurn("step", () => (this.#target === undefined ? this.#accept(token) : this.#initiate(token)));
  }

  wrap(octets: Uint8Array, confidential: boolean, into?: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn("wrap", () => placedIn(into, this.#established().wrap(octets, confidential)));
  }

  unwrap(token: Uint8Array, into?: Uint8Array): ReturnType<SecurityContext["unwrap"]> {
    return this.#inTurn("unwrap", () => {
      const message = this.#established().unwrap(token);
      return { ...message, octets: placedIn(into, message.octets) };
    });
  }

  wrapSizeLimit(tokenBytesMax: number, confidential: boolean): Promise<number> {
    const sizeLimit = (): number => this.#established().wrapSizeLimit(tokenBytesMax, confidential);
    return this.#inTurn("wrapSizeLimit", sizeLimit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDead = true;
    this.#mechanism.forget(this);
  }

  #inTurn<T>(call: MockCall, answer: () => T): Promise<T> {
    const run = async (): Promise<T> => {
      await this.#mechanism.answer(call);
      if (this.isDead) throw new SecurityMechanismError("unavailable", "the mock's process died");
      return answer();
    };
    const answered = this.#turn.then(run, run);
    this.#turn = answered.catch(() => undefined);
    return answered;
  }

  #established(): MockMessages {
    if (this.#messages === undefined) throw new SecurityMechanismError("failed", "the context is not complete");
    if (Date.now() >= this.expiresAtMs) throw new SecurityMechanismError("context-expired", "the context has expired");
    return this.#messages;
  }

  #initiate(token: Uint8Array | undefined): SecurityContextStep {
    const {
      legs = 2,
      user = "alice@MOCK.TEST",
      targets = ["ftp@localhost", "host@localhost"],
    } = this.#mechanism.options;
    if (token === undefined) {
      const target = this.#target ?? "";
      if (!targets.includes(target)) throw new SecurityMechanismError("unknown-principal", `no ${target} in the realm`);
      this.#opening = { leg: 1, legs, exchange: randomUUID(), user, target };
    } else {
      const given = openToken(token);
      if (given.exchange !== this.#opening?.exchange || given.leg !== this.#legsDone + 1) throw rejectedToken();
      this.#opening = { ...given, leg: given.leg + 1 };
    }
    this.#legsDone = this.#opening.leg;
    return this.#stepped(this.#opening, this.#opening.leg <= legs, legs - this.#opening.leg <= 0);
  }

  #accept(token: Uint8Array | undefined): SecurityContextStep {
    const given = openToken(token ?? new Uint8Array());
    const isFirst = this.#legsDone === 0;
    if (given.leg !== this.#legsDone + 1 || (isFirst && !this.#mechanism.isFresh(given.exchange)))
      throw rejectedToken();
    this.#opening = { ...given, leg: given.leg + 1 };
    this.#legsDone = given.leg + 1;
    return this.#stepped(this.#opening, given.leg < given.legs, given.legs - given.leg <= 1);
  }

  #stepped(opening: Opening, answers: boolean, isComplete: boolean): SecurityContextStep {
    return {
      token: answers ? sealToken(opening) : undefined,
      facts: isComplete ? this.#complete(opening) : undefined,
    };
  }

  #complete({ exchange, user, target }: Opening): SecurityContextFacts {
    const { integrity = true, confidentiality = true, detectsReplays = true } = this.#mechanism.options;
    const { lifetimeMs, localName = localNameOf } = this.#mechanism.options;
    const isAcceptor = this.#target === undefined;
    this.#messages = new MockMessages(messageKeys(exchange), isAcceptor);
    if (lifetimeMs !== undefined) this.expiresAtMs = Date.now() + lifetimeMs;
    return {
      peerName: isAcceptor ? user : target,
      localName: isAcceptor ? localName(user) : undefined,
      integrity,
      confidentiality,
      detectsReplays,
      expiresAtMs: lifetimeMs === undefined ? undefined : this.expiresAtMs,
    };
  }
}

/** The lent memory is used wherever it can be, so that whoever gives it back too early is found out. */
function placedIn(into: Uint8Array | undefined, octets: Uint8Array): Uint8Array {
  if (into === undefined || into.length < octets.length) return Uint8Array.from(octets);
  into.set(octets);
  return into.subarray(0, octets.length);
}

function localNameOf(peerName: string): string | undefined {
  return /^([^@/]+)@MOCK\.TEST$/.exec(peerName)?.[1];
}

function messageKeys(exchange: string): MessageKeys {
  const key = (use: string): Buffer => createHmac("sha256", secret).update(`${use} ${exchange}`).digest();
  return { seal: key("seal"), encrypt: key("encrypt") };
}

function sealToken(opening: Opening): Uint8Array {
  const text = Buffer.from(JSON.stringify(opening));
  return Buffer.concat([createHmac("sha256", secret).update(text).digest(), text]);
}

function openToken(token: Uint8Array): Opening {
  const [mac, text] = [token.subarray(0, macBytes), token.subarray(macBytes)];
  const expected = createHmac("sha256", secret).update(text).digest();
  if (mac.length !== macBytes || !timingSafeEqual(mac, expected)) throw rejectedToken();
  return JSON.parse(Buffer.from(text).toString()) as Opening;
}

function rejectedToken(): SecurityMechanismError {
  return new SecurityMechanismError("token-rejected", "the token is forged, damaged or used before");
}
