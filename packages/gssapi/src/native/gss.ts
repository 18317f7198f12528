import type { MessageOrder } from "@sallyport/transport";
import { faultOf, GssFailure, type Undertaking } from "./failures.ts";
import type { NativeFunctions, NativeLibrary } from "./library.ts";

/** The address of something that the library made: a name, a credential or a context. 0n: none. */
export type Handle = bigint;

/** One step of the exchange of tokens. */
export interface NativeStep {
  /** The context after the step. */
  readonly context: Handle;
  /** Octets for the peer; none where there are none. */
  readonly token: Uint8Array;
  readonly isComplete: boolean;
  readonly flags: number;
  /** Seconds that are left to the context, or {@link indefinite}. */
  readonly lifetimeSeconds: number;
  /** The initiator's name, from the step that completes an acceptor's context; the caller releases it. */
  readonly peer: Handle;
}

export interface NativeMessage {
  readonly octets: Uint8Array;
  readonly confidential: boolean;
  readonly order: NativeOrder;
}

/** `late`: later ones came first; where sequence detection is on, MIT's library says so of those that are too old, too. */
export type NativeOrder = MessageOrder | "late";

/** Bits of what a context can do (RFC 2744 §5.19). */
export const flags = { delegate: 1, mutual: 2, replay: 4, sequence: 8, confidential: 16, integrity: 32 } as const;

/** A time that does not end (RFC 2744 §5.20). */
export const indefinite = 0xffff_ffff;

/** Where the arguments of a call lie in the memory that Gss keeps for them. Descriptors are a length and an address. */
const cells = {
  minor: 0,
  number: 8,
  flags: 16,
  lifetime: 24,
  handle: 32,
  peer: 40,
  input: 48,
  output: 64,
  mechanism: 80,
  serviceName: 96,
  mechanisms: 112,
  identifiers: 128,
  end: 152,
} as const;

const kerberos = Uint8Array.fromHex("2a864886f712010202");
const hostBasedService = Uint8Array.fromHex("2a864886f71201020104");

const acceptOnly = 2;
const routineErrors = 0xffff_0000;
const ofRoutine = 1;
const ofMechanism = 2;

/**
 * Calls the library: octets in, octets out, failures thrown as GssFailure with the library's own words. All memory that
 * the library is told of belongs to this object, as the collector of garbage knows nothing of addresses.
 */
export class Gss {
  readonly #functions: NativeFunctions;
  readonly #library: NativeLibrary;
  readonly #cells = memory(cells.end);
  readonly #at: Readonly<Record<keyof typeof cells, bigint>>;
  #input = memory(65_536);

  constructor(library: NativeLibrary) {
    this.#library = library;
    this.#functions = library.functions;
    const base = library.addressOf(this.#cells);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys are those of the table
    this.#at = Object.fromEntries(
      Object.entries(cells).map(([name, offset]) => [name, base + BigInt(offset)]),
    ) as Record<keyof typeof cells, bigint>;
    this.#describe(cells.mechanism, kerberos, 0);
    this.#describe(cells.serviceName, hostBasedService, kerberos.length);
    // A set of one; SPNEGO would be in the library's own.
    this.#cells.writeBigUInt64LE(1n, cells.mechanisms);
    this.#cells.writeBigUInt64LE(this.#at.mechanism, cells.mechanisms + 8);
  }

  /** Makes the library's form of a service such as `ftp@host.example`. */
  importService(service: string): Handle {
    const { minor, input, serviceName, handle } = this.#at;
    this.#setInput(Buffer.from(service));
    this.#setHandle(0n);
    this.#check(this.#functions.gss_import_name(minor, input, serviceName, handle), "preparation");
    return this.#handle();
  }

  displayName(name: Handle): string {
    const { minor, output } = this.#at;
    this.#check(this.#functions.gss_display_name(minor, name, output, 0n), "preparation");
    return Buffer.from(this.#takeOutput()).toString();
  }

  releaseName(name: Handle): void {
    this.#release(name, this.#functions.gss_release_name);
  }

  /** Opens the keytab, for one service or for whatever services it holds. */
  acquireAcceptor(service: string | undefined): Handle {
    const { minor, handle, mechanisms } = this.#at;
    const name = service === undefined ? 0n : this.importService(service);
    try {
      this.#setHandle(0n);
      const major = this.#functions.gss_acquire_cred(minor, name, 0, mechanisms, acceptOnly, handle, 0n, 0n);
      this.#check(major, "preparation");
      return this.#handle();
    } finally {
      this.releaseName(name);
    }
  }

  releaseCredential(credential: Handle): void {
    this.#release(credential, this.#functions.gss_release_cred);
  }

  /** @param token undefined for the first step. May wait for a KDC. */
  initiate(context: Handle, target: Handle, wanted: number, token: Uint8Array | undefined): NativeStep {
    const { minor, handle, mechanism, input, output, flags: given, lifetime } = this.#at;
    this.#setInput(token ?? new Uint8Array());
    this.#beginStep(context);
    return this.#stepped(
      "initiation",
      this.#functions.gss_init_sec_context(
        ...[minor, 0n, handle, target, mechanism, wanted, 0, 0n, token === undefined ? 0n : input, 0n],
        ...[output, given, lifetime],
      ),
    );
  }

  accept(context: Handle, credential: Handle, token: Uint8Array): NativeStep {
    const { minor, handle, input, peer, output, flags: given, lifetime } = this.#at;
    this.#setInput(token);
    this.#beginStep(context);
    return this.#stepped(
      "acceptance",
      this.#functions.gss_accept_sec_context(
        ...[minor, handle, credential, input, 0n, peer, 0n, output, given, lifetime, 0n],
      ),
    );
  }

  /** The name of the acceptor of a finished context. */
  acceptorName(context: Handle): string {
    const { minor, handle } = this.#at;
    this.#setHandle(0n);
    this.#check(this.#functions.gss_inquire_context(minor, context, 0n, handle, 0n, 0n, 0n, 0n, 0n), "preparation");
    const name = this.#handle();
    try {
      return this.displayName(name);
    } finally {
      this.releaseName(name);
    }
  }

  /** The account of this machine that the configuration of Kerberos maps a name to. */
  localName(name: Handle): string | undefined {
    const { minor, output } = this.#at;
    const major = this.#functions.gss_localname(minor, name, 0n, output);
    const octets = this.#takeOutput();
    return (major & routineErrors) === 0 ? Buffer.from(octets).toString() : undefined;
  }

  /** Turns a finished context into octets for another process; here it ends. */
  exportContext(context: Handle): Uint8Array {
    const { minor, handle, output } = this.#at;
    this.#setHandle(context);
    this.#check(this.#functions.gss_export_sec_context(minor, handle, output), "preparation");
    return this.#takeOutput();
  }

  importContext(octets: Uint8Array): Handle {
    const { minor, input, handle } = this.#at;
    this.#setInput(octets);
    this.#setHandle(0n);
    this.#check(this.#functions.gss_import_sec_context(minor, input, handle), "preparation");
    return this.#handle();
  }

  deleteContext(context: Handle): void {
    if (context === 0n) return;
    this.#setHandle(context);
    this.#functions.gss_delete_sec_context(this.#at.minor, this.#at.handle, 0n);
  }

  wrap(context: Handle, octets: Uint8Array, confidential: boolean): Uint8Array {
    this.#setInput(octets);
    this.#wrapInput(context, confidential);
    const wasEncrypted = this.#cells.readInt32LE(cells.number) !== 0;
    const token = this.#takeOutput();
    if (confidential && !wasEncrypted) throw new GssFailure("failed", "The context cannot encrypt");
    return token;
  }

  /** What gss_wrap costs alone: it wraps octets again and again, and drops what comes out. For measurements. */
  wrapRepeatedly(context: Handle, octets: Uint8Array, confidential: boolean, count: number): void {
    this.#setInput(octets);
    for (let done = 0; done < count; done++) {
      this.#wrapInput(context, confidential);
      this.#functions.gss_release_buffer(this.#at.minor, this.#at.output);
    }
  }

  unwrap(context: Handle, token: Uint8Array): NativeMessage {
    const { minor, input, output, number } = this.#at;
    this.#setInput(token);
    const major = this.#check(this.#functions.gss_unwrap(minor, context, input, output, number, 0n), "message");
    const confidential = this.#cells.readInt32LE(cells.number) !== 0;
    return { octets: this.#takeOutput(), confidential, order: orderOf(major) };
  }

  wrapSizeLimit(context: Handle, tokenBytesMax: number, confidential: boolean): number {
    const { minor, number } = this.#at;
    const major = this.#functions.gss_wrap_size_limit(minor, context, Number(confidential), 0, tokenBytesMax, number);
    this.#check(major, "message");
    return this.#cells.readUInt32LE(cells.number);
  }

  #wrapInput(context: Handle, confidential: boolean): void {
    const { minor, input, number, output } = this.#at;
    const major = this.#functions.gss_wrap(minor, context, Number(confidential), 0, input, number, output);
    this.#check(major, "message");
  }

  #beginStep(context: Handle): void {
    this.#setHandle(context);
    this.#cells.fill(0, cells.flags, cells.handle);
    this.#cells.writeBigUInt64LE(0n, cells.peer);
  }

  #stepped(during: Undertaking, major: number): NativeStep {
    const context = this.#handle();
    const peer = this.#cells.readBigUInt64LE(cells.peer);
    const step = {
      context,
      peer,
      flags: this.#cells.readUInt32LE(cells.flags),
      lifetimeSeconds: this.#cells.readUInt32LE(cells.lifetime),
      isComplete: major === 0,
    };
    try {
      this.#check(major, during);
    } catch (error) {
      // Some failures leave a token that tells the peer; RFC 2228 has no place for it in 535.
      this.#takeOutput();
      this.deleteContext(context);
      this.releaseName(peer);
      throw error;
    }
    return { ...step, token: this.#takeOutput() };
  }

  /** @throws {GssFailure} where the number holds an error; other bits are for the caller. */
  #check(major: number, during: Undertaking): number {
    if ((major & routineErrors) === 0) return major;
    const minor = this.#cells.readInt32LE(cells.minor);
    const ofMinor = minor === 0 ? "" : this.#sentence(minor >>> 0, ofMechanism);
    // For tokens that cannot be read MIT's number is one of its own, whose text is Success.
    const message = ofMinor === "" || ofMinor === "Success" ? this.#sentence(major, ofRoutine) : ofMinor;
    throw new GssFailure(faultOf(major, minor, during), message);
  }

  #sentence(status: number, kind: typeof ofRoutine | typeof ofMechanism): string {
    const { minor, mechanism, number, output } = this.#at;
    this.#cells.writeUInt32LE(0, cells.number);
    this.#functions.gss_display_status(minor, status, kind, mechanism, number, output);
    return Buffer.from(this.#takeOutput()).toString();
  }

  #release(thing: Handle, release: (...given: readonly bigint[]) => number): void {
    if (thing === 0n) return;
    this.#setHandle(thing);
    release(this.#at.minor, this.#at.handle);
  }

  #setHandle(value: Handle): void {
    this.#cells.writeBigUInt64LE(value, cells.handle);
  }

  #handle(): Handle {
    return this.#cells.readBigUInt64LE(cells.handle);
  }

  #setInput(octets: Uint8Array): void {
    if (octets.length > this.#input.length) this.#input = memory(octets.length);
    this.#input.set(octets);
    this.#cells.writeBigUInt64LE(BigInt(octets.length), cells.input);
    this.#cells.writeBigUInt64LE(this.#library.addressOf(this.#input), cells.input + 8);
  }

  /** Copies what the library put out, and gives the library's memory back. */
  #takeOutput(): Uint8Array {
    const length = Number(this.#cells.readBigUInt64LE(cells.output));
    const from = this.#cells.readBigUInt64LE(cells.output + 8);
    const octets = memory(length);
    if (length > 0) this.#library.copy(this.#library.addressOf(octets), from, length);
    this.#functions.gss_release_buffer(this.#at.minor, this.#at.output);
    return octets;
  }

  /** Writes the descriptor of an object identifier, and its octets behind the others. */
  #describe(cell: number, identifier: Uint8Array, offset: number): void {
    this.#cells.set(identifier, cells.identifiers + offset);
    this.#cells.writeUInt32LE(identifier.length, cell);
    this.#cells.writeBigUInt64LE(this.#at.identifiers + BigInt(offset), cell + 8);
  }
}

/** Small typed arrays of the usual kind lie on the heap, which moves them. */
function memory(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(bytes));
}

/** Bits of RFC 2744 §3.9.1, the gravest first. */
function orderOf(major: number): NativeOrder {
  if (major & 2) return "duplicate";
  if (major & 4) return "old";
  if (major & 8) return "late";
  return major & 16 ? "gap" : "in-order";
}
