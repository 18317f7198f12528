import type { SecurityContextFacts, SecurityMechanismFault } from "@sallyport/transport";
import type { NativeMessage, NativeOrder } from "./native/gss.ts";

/*
 * What goes through the pipes of a process that calls the library. A question is framed as a data block of RFC 2228 is,
 * by its length in four octets: operation, flag, number of the context in four octets, octets. So is an answer: 0 and what
 * was asked for, or 1, the fault, NUL, and what the library says. Answers come in the order of the questions.
 */

/** The operation's number is its place. */
export const operations = [
  /** Answers where the library and a keytab can be used; the flag asks for the keytab. */
  "hello",
  /** Begins an acceptor's context. */
  "accept",
  /** Begins an initiator's context for the service in the octets; the flag delegates. */
  "initiate",
  /** Takes a token; no octets for the first one. Answered by {@link encodeStep}. */
  "step",
  /** Ends a finished context here, for another process to import. */
  "export",
  "import",
  /** The flag encrypts. */
  "wrap",
  /** Answered by {@link encodeOpened}. */
  "unwrap",
  /** The size in four octets; the flag encrypts. */
  "wrapSizeLimit",
  /** Releases a context, or does nothing where there is none. */
  "release",
] as const;

export type Operation = (typeof operations)[number];

export interface Question {
  readonly operation: Operation;
  readonly flag: boolean;
  /** The asker gives out the numbers. */
  readonly context: number;
  readonly octets: Uint8Array;
  /** Memory of the asker's for the answer; it stays here. */
  readonly into?: Uint8Array<ArrayBuffer> | undefined;
}

/** Before the octets of a question or an answer. */
export const lengthBytes = 4;
const questionHeadBytes = 6;

/** Length and head; the octets follow. */
export function encodeQuestionHead({ operation, flag, context, octets }: Question): Uint8Array {
  const head = Buffer.alloc(lengthBytes + questionHeadBytes);
  head.writeUInt32BE(questionHeadBytes + octets.length);
  head.writeUInt8(operations.indexOf(operation), 4);
  head.writeUInt8(Number(flag), 5);
  head.writeUInt32BE(context, 6);
  return head;
}

/** @param frame without its length. */
export function decodeQuestion(frame: Buffer): Question {
  return {
    operation: operations[frame.readUInt8(0)] ?? "hello",
    flag: frame.readUInt8(1) === 1,
    context: frame.readUInt32BE(2),
    octets: frame.subarray(questionHeadBytes),
  };
}

const succeeded = 0;
const failed = 1;

export interface Failure {
  readonly fault: SecurityMechanismFault;
  readonly message: string;
}

/** Length and kind of an answer, and its octets. */
export function encodeAnswer(answer: Uint8Array | Failure): [head: Uint8Array, octets: Uint8Array] {
  const isFailure = !(answer instanceof Uint8Array);
  const octets = isFailure ? Buffer.from(`${answer.fault}\0${answer.message}`) : answer;
  const head = Buffer.alloc(lengthBytes + 1);
  head.writeUInt32BE(1 + octets.length);
  head.writeUInt8(isFailure ? failed : succeeded, lengthBytes);
  return [head, octets];
}

/** @param frame without its length. */
export function decodeAnswer(frame: Uint8Array): Uint8Array | Failure {
  const octets = frame.subarray(1);
  if (frame[0] === succeeded) return octets;
  const [fault = "failed", message = ""] = Buffer.from(octets).toString().split("\0");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other process runs the same program
  return { fault: fault as SecurityMechanismFault, message };
}

/** A step's token, empty where there is none, behind its length; then the facts, if any, as JSON. */
export function encodeStep(token: Uint8Array, facts: SecurityContextFacts | undefined): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(token.length);
  return Buffer.concat([length, token, Buffer.from(facts === undefined ? "" : JSON.stringify(facts))]);
}

export function decodeStep(octets: Uint8Array): { token: Uint8Array; facts: SecurityContextFacts | undefined } {
  const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const end = 4 + buffer.readUInt32BE(0);
  const json = buffer.toString("utf8", end);
  if (json === "") return { token: octets.subarray(4, end), facts: undefined };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other process runs the same program
  const facts = JSON.parse(json) as SecurityContextFacts;
  // JSON drops what is undefined.
  return {
    token: octets.subarray(4, end),
    facts: { ...facts, localName: facts.localName, expiresAtMs: facts.expiresAtMs },
  };
}

const orders: readonly NativeOrder[] = ["in-order", "gap", "duplicate", "old", "late"];

/** An opened message: its order, whether it was encrypted, its octets. */
export function encodeOpened({ octets, confidential, order }: NativeMessage): Uint8Array {
  return Buffer.concat([Uint8Array.of(orders.indexOf(order), Number(confidential)), octets]);
}

export function decodeOpened(octets: Uint8Array): NativeMessage {
  const [order = 0, confidential] = octets;
  return { octets: octets.subarray(2), confidential: confidential === 1, order: orders[order] ?? "old" };
}
