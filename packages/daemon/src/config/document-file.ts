import { closeSync, openSync, readSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import { parse, TomlError } from "smol-toml";
import { errorCode } from "../files.ts";
import type { Origin, Problem } from "./problem.ts";
import { type KeyPath, TomlPositions } from "./toml-positions.ts";

/** What a file says, before anybody looked at whether it makes sense. */
export interface ParsedDocument {
  readonly given: Readonly<Record<string, unknown>>;
  /** Where a key of it stands. */
  originOf(path: KeyPath): Extract<Origin, { readonly from: "file" }>;
}

export function isProblem(parsed: ParsedDocument | Problem): parsed is Problem {
  return "text" in parsed;
}

/** Reads TOML; gives what is wrong where it is none. */
export function parseToml(text: string, file: string): ParsedDocument | Problem {
  try {
    const given = parse(text);
    const positions = new TomlPositions(text);
    return { given, originOf: (path) => ({ from: "file", file, ...positions.of(path) }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column, message } = error;
    const what = (message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    return { origin: { from: "file", file, line, column }, key: "", text: `this is not TOML: ${what}` };
  }
}

/** Reads JSON whose outermost value is an object; gives what is wrong where it is none. Keys have no place in it. */
export function parseJson(text: string, file: string): ParsedDocument | Problem {
  const origin = { from: "file", file, line: 1, column: 1 } as const;
  try {
    const given: unknown = JSON.parse(text);
    if (isObject(given)) return { given, originOf: () => origin };
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return { origin, key: "", text: `this is not JSON: ${what}` };
  }
  return { origin, key: "", text: "this is not an object of JSON" };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** More is nothing that a person wrote. */
const fileBytesMax = 1_048_576;

/**
 * Reads a text of at most 1 MiB that a command line names, from a file or a device.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE, in words that say `what` was to be read, and with `advice` where it
 * is too large.
 */
export function readSmallFile(
  file: string,
  { what, advice }: { readonly what: string; readonly advice: string },
): string {
  let octets: Buffer;
  try {
    octets = readAtMost(file, fileBytesMax + 1);
    if (octets.length <= fileBytesMax) return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    const why = cause instanceof TypeError ? "it is not UTF-8" : `the system says ${errorCode(cause)}`;
    const message = `The ${what} ${file} cannot be read (${why}): check the path and the rights of this user.`;
    throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", message, { cause });
  }
  throw new ConfigError("SALLYPORT_INPUT_UNREADABLE", `The ${what} ${file} has more than 1 MiB: ${advice}.`);
}

/** What a file says of its size holds for ordinary ones alone: a device has none and no end. */
function readAtMost(file: string, bytesMax: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.allocUnsafe(bytesMax);
    let bytes = 0;
    for (let read = -1; read !== 0 && bytes < bytesMax; bytes += read) {
      read = readSync(descriptor, buffer, bytes, bytesMax - bytes, null);
    }
    return buffer.subarray(0, bytes);
  } finally {
    closeSync(descriptor);
  }
}
