import { limitValues } from "@sallyport/protocol";
import {
  type InitiateOptions,
  isSecurityMechanismError,
  type OpenedMessage,
  type SecurityContext,
  type SecurityContextFacts,
  type SecurityContextStep,
  type SecurityMechanism,
  SecurityMechanismError,
} from "@sallyport/transport";
import { NativeProcess, type NativeProcessOptions } from "./native-process.ts";
import { decodeOpened, decodeStep, type Operation } from "./questions.ts";
import { ReceivedSequence, sequenceOf } from "./sequence.ts";

export interface GssapiOptions {
  /** The file with the keys of the service, for servers. Default: `KRB5_KTNAME`, else that of the system's configuration. */
  readonly keytab?: string;
  /** Where the user's tickets are, for clients. Default: `KRB5CCNAME`, else that of the system's configuration. */
  readonly credentialCache?: string;
  /** In place of /etc/krb5.conf. */
  readonly configFile?: string;
  /** The only service that a server stands for, such as `ftp@host.example`. Default: any whose key the keytab holds. */
  readonly service?: string;
  /** Further variables that MIT's library reads, such as `KRB5RCACHEDIR`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How the library is called. Default: node:ffi, else koffi. */
  readonly binding?: "node:ffi" | "koffi";
}

/** Kerberos 5 behind AUTH GSSAPI. */
export interface GssapiMechanism extends SecurityMechanism {
  /** Those that call the library and run now. */
  readonly processIds: readonly number[];
}

/**
 * Makes the mechanism behind AUTH GSSAPI: Kerberos 5 by the system's library (RFC 4121, RFC 1964), in processes of its
 * own that start with the first context. One serves all contexts; initiators exchange their tokens in another one,
 * because they may wait for a KDC. A process that dies takes its contexts along, whose questions are answered by
 * `unavailable`, and another one takes its place, though not more often than `mechanismStartsCount` times in
 * `mechanismStartsMs`.
 *
 * Sequence and replay detection are on, and so is mutual authentication. A context that has expired seals and opens
 * nothing, although MIT's library would.
 */
export function gssapiMechanism(options: GssapiOptions = {}): GssapiMechanism {
  return new Mechanism(options);
}

/**
 * Tells why Kerberos cannot be used: the library does not load, or, for the role `server`, there is no keytab with a key.
 * Undefined where it can.
 *
 * @param options those of {@link gssapiMechanism}.
 */
export async function gssapiProblem(
  role: "server" | "client",
  options: GssapiOptions = {},
): Promise<SecurityMechanismError | undefined> {
  await using process = new NativeProcess(processOptions(options));
  try {
    await process.ask({ operation: "hello", flag: role === "server", context: 0, octets: nothing });
    return undefined;
  } catch (error) {
    if (isSecurityMechanismError(error)) return error;
    throw error;
  }
}

const nothing = new Uint8Array();

function processOptions(options: GssapiOptions) {
  const { keytab, credentialCache, configFile, environment = {}, service, binding } = options;
  const given = { KRB5_KTNAME: keytab, KRB5CCNAME: credentialCache, KRB5_CONFIG: configFile };
  const named = [...Object.entries(environment), ...Object.entries(given)].flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return {
    programArguments: [
      ...(service === undefined ? [] : [`--service=${service}`]),
      ...(binding === undefined ? [] : [`--binding=${binding}`]),
    ],
    environment: Object.fromEntries(named),
    limits: limitValues(),
  } satisfies NativeProcessOptions;
}

/** Processes one after another, each in the place of one that died. */
class Processes implements AsyncDisposable {
  readonly #options: NativeProcessOptions;
  #current: NativeProcess | undefined;
  #startsMs: number[] = [];
  #isClosed = false;

  constructor(options: NativeProcessOptions) {
    this.#options = options;
  }

  get running(): NativeProcess | undefined {
    return this.#current?.hasEnded === false ? this.#current : undefined;
  }

  /** @throws {SecurityMechanismError} `unavailable` */
  get(): NativeProcess {
    return this.running ?? this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#current?.[Symbol.asyncDispose]();
  }

  #start(): NativeProcess {
    if (this.#isClosed) throw new SecurityMechanismError("unavailable", "The mechanism was closed");
    const { mechanismStartsCount, mechanismStartsMs } = limitValues();
    const now = performance.now();
    this.#startsMs = this.#startsMs.filter((startMs) => now - startMs < mechanismStartsMs);
    if (this.#startsMs.length >= mechanismStartsCount) {
      throw new SecurityMechanismError("unavailable", "Its process ended too often, and is not started for a while");
    }
    this.#startsMs.push(now);
    this.#current = new NativeProcess(this.#options);
    return this.#current;
  }
}

class Mechanism implements GssapiMechanism {
  readonly name = "GSSAPI";
  readonly #messages: Processes;
  readonly #initiators: Processes;
  #contextsCount = 0;

  constructor(options: GssapiOptions) {
    this.#messages = new Processes(processOptions(options));
    this.#initiators = new Processes(processOptions(options));
  }

  get processIds(): readonly number[] {
    const ids = [this.#messages, this.#initiators].map(({ running }) => running?.processId);
    return ids.filter((id) => id !== undefined);
  }

  async accept(): Promise<SecurityContext> {
    const context = new Context({ process: this.#messages.get(), number: this.#nextNumber() });
    await context.ask("accept");
    return context;
  }

  async initiate(target: string, { delegate = false }: InitiateOptions = {}): Promise<SecurityContext> {
    const place = { process: this.#initiators.get(), number: this.#nextNumber() };
    const context = new Context(place, () => ({ process: this.#messages.get(), number: place.number }));
    await context.ask("initiate", Buffer.from(target), delegate);
    return context;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#messages[Symbol.asyncDispose](), this.#initiators[Symbol.asyncDispose]()]);
  }

  #nextNumber(): number {
    this.#contextsCount = (this.#contextsCount + 1) % 0x1_0000_0000;
    return this.#contextsCount;
  }
}

/** Where a context lives. */
interface Place {
  readonly process: NativeProcess;
  readonly number: number;
}

class Context implements SecurityContext {
  #place: Place;
  /** Where it goes once it is complete; undefined where it stays. */
  readonly #destination: (() => Place) | undefined;
  readonly #received = new ReceivedSequence();
  #expiresAtMs: number | undefined;
  #isReleased = false;

  constructor(place: Place, destination?: () => Place) {
    this.#place = place;
    this.#destination = destination;
    forgotten.register(this, place, this);
  }

  async step(token: Uint8Array | undefined): Promise<SecurityContextStep> {
    const step = decodeStep(await this.ask("step", token));
    if (step.facts !== undefined) await this.#complete(step.facts);
    return { token: step.token.length === 0 ? undefined : step.token, facts: step.facts };
  }

  async wrap(octets: Uint8Array, confidential: boolean, into?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    this.#requireTime();
    return this.ask("wrap", octets, confidential, into);
  }

  async unwrap(token: Uint8Array, into?: Uint8Array<ArrayBuffer>): Promise<OpenedMessage> {
    this.#requireTime();
    const sequence = sequenceOf(token);
    return this.#received.place(sequence, decodeOpened(await this.ask("unwrap", token, false, into)));
  }

  async wrapSizeLimit(tokenBytesMax: number, confidential: boolean): Promise<number> {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(Math.min(tokenBytesMax, 0xffff_ffff));
    return Buffer.from(await this.ask("wrapSizeLimit", size, confidential)).readUInt32BE();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    forgotten.unregister(this);
    release(this.#place);
  }

  ask(
    operation: Operation,
    octets: Uint8Array = nothing,
    flag = false,
    into?: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array> {
    if (this.#isReleased) return Promise.reject(new SecurityMechanismError("failed", "The context has been released"));
    const { process, number } = this.#place;
    return process.ask({ operation, flag, context: number, octets, into });
  }

  #requireTime(): void {
    if (this.#expiresAtMs !== undefined && Date.now() >= this.#expiresAtMs) {
      throw new SecurityMechanismError("context-expired", "The context has expired");
    }
  }

  async #complete({ expiresAtMs }: SecurityContextFacts): Promise<void> {
    this.#expiresAtMs = expiresAtMs;
    if (this.#destination === undefined) return;
    const octets = await this.ask("export");
    this.#place = this.#destination();
    forgotten.unregister(this);
    forgotten.register(this, this.#place, this);
    await this.ask("import", octets);
  }
}

function release({ process, number }: Place): void {
  const question = { operation: "release", flag: false, context: number, octets: nothing } as const;
  // A process that has ended holds no context any more.
  process.ask(question).catch(() => undefined);
}

/** Releases contexts that nobody disposed of. */
const forgotten = new FinalizationRegistry<Place>(release);
