/*
 * The program of a process that calls the library. It does one thing after another, so that it can wait for its input and
 * for room in its output in the simplest way there is. It ends with its input.
 */
import { readSync, writeSync, writevSync } from "node:fs";
import { parseArgs } from "node:util";
import { GssFailure } from "../native/failures.ts";
import { Gss } from "../native/gss.ts";
import { type Binding, openLibrary } from "../native/library.ts";
import { decodeQuestion, encodeAnswer, type Failure, lengthBytes } from "../questions.ts";
import { NativeContexts } from "./contexts.ts";

const standardInput = 0;
const standardOutput = 1;

const { values } = parseArgs({ options: { binding: { type: "string" }, service: { type: "string" } } });

let contexts: NativeContexts | undefined;

const length = Buffer.alloc(lengthBytes);
let frame = Buffer.alloc(0);

while (fill(length, lengthBytes)) {
  const bytes = length.readUInt32BE();
  if (frame.length < bytes) frame = Buffer.allocUnsafeSlow(bytes);
  if (!fill(frame, bytes)) break;
  write(...encodeAnswer(answer(frame.subarray(0, bytes))));
}

function answer(question: Buffer): Uint8Array | Failure {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other process runs the same program
    contexts ??= new NativeContexts(new Gss(openLibrary(values.binding as Binding | undefined)), values.service);
    return contexts.answer(decodeQuestion(question));
  } catch (error) {
    if (error instanceof GssFailure) return { fault: error.fault, message: error.message };
    throw error;
  }
}

function fill(buffer: Buffer, bytes: number): boolean {
  for (let filled = 0; filled < bytes;) {
    const read = readSync(standardInput, buffer, filled, bytes - filled, null);
    if (read === 0) return false;
    filled += read;
  }
  return true;
}

function write(head: Uint8Array, octets: Uint8Array): void {
  // What is short goes out whole.
  let written = writevSync(standardOutput, [head, octets]) - head.length;
  while (written < octets.length) written += writeSync(standardOutput, octets, written);
}
