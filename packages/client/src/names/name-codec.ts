import { type Octets, UsageError, displayOctets, octetsFromBytes, textFromOctets } from "@sallyport/protocol";
import { legacyCharset } from "./legacy-charset.ts";
import { decodeUtf8Name, encodeUtf8Name } from "./utf8-names.ts";

/**
 * Turns the octets of names on the wire into the strings that callers see, and back. An octet (0x80–0xFF) that is no
 * character of the charset becomes the lone surrogate U+DC00 plus the octet, so that `octetsOf(textOf(octets))` is
 * `octets` for every octet string in every charset: each name survives from a listing to a command.
 */
export interface NameCodec {
  /** The label that it was asked for by, in lower case; `utf-8` for `auto`. */
  readonly encoding: string;
  textOf(octets: Octets): string;
  /** @throws {UsageError} SALLYPORT_NAME_UNENCODABLE for characters that the encoding lacks. */
  octetsOf(text: string): Octets;
}

/** Names in UTF-8 (RFC 2640 §2.2). */
export const utf8Names: NameCodec = codecOf("utf-8", decodeUtf8Name, encodeUtf8Name);

/**
 * Returns the codec of an encoding; everything but UTF-8 (and `auto`, which starts as UTF-8) is read and written through
 * iconv-lite, which is loaded when the first such encoding is asked for.
 *
 * @throws {UsageError} SALLYPORT_ENCODING_UNKNOWN when there is no such encoding, or when it is one in which `/`, CR, LF
 * or a letter is not the octet that it is in ASCII (UTF-16, EBCDIC), which no path on a control connection can use.
 */
export function nameCodec(label: string): NameCodec {
  const encoding = label.toLowerCase();
  if (encoding === "auto" || encoding === "utf-8" || encoding === "utf8") return utf8Names;
  const charset = legacyCharset(encoding);
  if (charset === undefined) {
    throw new UsageError("SALLYPORT_ENCODING_UNKNOWN", `No encoding ${JSON.stringify(label)} can be used for names.`);
  }
  return codecOf(encoding, charset.decode, charset.encode);
}

/** What is known when the charset of names is chosen. */
export interface CharsetEvidence {
  /** FEAT has UTF8. */
  readonly utf8Announced: boolean;
  /** Names that the server has sent so far. */
  readonly names: Iterable<Octets>;
  /** The encoding of names that are not UTF-8, where the caller knows one. */
  readonly fallback?: string;
}

/** The encoding, and why; only after `ascii-only` can another name still change it. */
export interface CharsetChoice {
  readonly encoding: string;
  readonly because: "announced" | "valid-utf8" | "not-utf8" | "ascii-only";
}

/**
 * Chooses the encoding of names for the setting `auto`: UTF-8 where the server announces it or all names are valid
 * UTF-8, else the fallback. Without a fallback it stays UTF-8, in which other octets survive as escapes. A server that
 * announces UTF-8 and then sends other octets (vsftpd hands out what the disk has) is still spoken to in UTF-8.
 */
export function chooseCharset({ utf8Announced, names, fallback = "utf-8" }: CharsetEvidence): CharsetChoice {
  if (utf8Announced) return { encoding: "utf-8", because: "announced" };
  let isAscii = true;
  for (const name of names) {
    const text = textFromOctets(name);
    if (text === undefined) return { encoding: fallback, because: "not-utf8" };
    if (text.length !== name.length) isAscii = false;
  }
  return { encoding: "utf-8", because: isAscii ? "ascii-only" : "valid-utf8" };
}

/**
 * Encodes a path or name that is to be sent.
 *
 * @throws {UsageError} SALLYPORT_FORBIDDEN_CHARACTER when it has CR, LF or NUL, which would end the command line early
 * (S-09); SALLYPORT_NAME_UNENCODABLE when the encoding lacks one of its characters.
 */
export function octetsToSend(path: string, codec: NameCodec): Octets {
  // oxlint-disable-next-line no-control-regex -- these three characters are the point
  if (/[\r\n\0]/.test(path)) {
    throw new UsageError(
      "SALLYPORT_FORBIDDEN_CHARACTER",
      `A path may contain neither CR, LF nor NUL: "${shown(path)}".`,
    );
  }
  return codec.octetsOf(path);
}

/** Whether a name can be sent at all: the control connection cannot carry every name that a local file may have. */
export function isSendable(name: string, codec: NameCodec): boolean {
  try {
    octetsToSend(name, codec);
    return true;
  } catch {
    return false;
  }
}

/** The string of a name that the local file system gave as bytes, with the same escapes. */
export function nameOfLocal(bytes: Uint8Array): string {
  return utf8Names.textOf(octetsFromBytes(bytes));
}

function codecOf(
  encoding: string,
  decode: (octets: Octets) => string,
  encode: (name: string) => Octets | undefined,
): NameCodec {
  const octetsOf = (text: string): Octets => encode(text) ?? unencodable(text, encoding);
  return { encoding, textOf: decode, octetsOf };
}

function unencodable(text: string, encoding: string): never {
  throw new UsageError("SALLYPORT_NAME_UNENCODABLE", `The encoding ${encoding} lacks a character of "${shown(text)}".`);
}

function shown(text: string): string {
  return displayOctets(encodeUtf8Name(text.toWellFormed()) ?? ("" as Octets));
}
