import { createRequire } from "node:module";
import { type Octets, bytesFromOctets, octetsFromBytes } from "@sallyport/protocol";
import { escapeOctet, escapedOctet, partsOf } from "./utf8-names.ts";

/** What is needed of iconv-lite. */
interface Converter {
  encodingExists(label: string): boolean;
  decode(bytes: Buffer, label: string, options: { readonly stripBOM: boolean }): string;
  encode(text: string, label: string): Buffer;
}

const require = createRequire(import.meta.url);

/** Longest character of a charset that iconv-lite knows: GB 18030 takes four octets. */
const characterOctetsMax = 4;

/** The two directions of a charset; `encode` gives undefined for what it lacks. */
export interface LegacyCharset {
  readonly decode: (octets: Octets) => string;
  readonly encode: (name: string) => Octets | undefined;
}

/** A charset other than UTF-8, or undefined where there is none of that name that paths can be written in. */
export function legacyCharset(label: string): LegacyCharset | undefined {
  // Loaded here, because most programs never meet a charset other than UTF-8.
  const converter = require("iconv-lite") as Converter;
  if (!converter.encodingExists(label) || !keepsAscii(converter, label)) return undefined;
  return {
    decode: (octets) => decodeName(converter, label, octets),
    encode: (name) => encodeName(converter, label, name),
  };
}

/** Whether the characters that paths and commands are made of are their ASCII octets. */
function keepsAscii(converter: Converter, charset: string): boolean {
  const kept = "\0\r\n ./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return kept
    .split("")
    .every(
      (character) =>
        textOf(converter, charset, character) === character && octetsOf(converter, charset, character) === character,
    );
}

function decodeName(converter: Converter, charset: string, octets: Octets): string {
  const whole = textOf(converter, charset, octets);
  if (survives(converter, charset, octets, whole)) return whole;
  let name = "";
  for (let at = 0; at < octets.length;) {
    const character = characterAt(converter, charset, octets, at);
    const octet = octets.charCodeAt(at);
    name += character?.text ?? (octet < 0x80 ? String.fromCharCode(octet) : escapeOctet(octet));
    at += character?.length ?? 1;
  }
  return name;
}

/** The shortest run of octets from here that is one character and turns back into itself. */
function characterAt(
  converter: Converter,
  charset: string,
  octets: Octets,
  at: number,
): { readonly text: string; readonly length: number } | undefined {
  for (let length = 1; length <= characterOctetsMax && at + length <= octets.length; length++) {
    const run = octets.slice(at, at + length);
    const text = textOf(converter, charset, run);
    if (text !== "" && survives(converter, charset, run, text)) return { text, length };
  }
  return undefined;
}

function survives(converter: Converter, charset: string, octets: string, text: string): boolean {
  return text.isWellFormed() && !text.includes("\uFFFD") && octetsOf(converter, charset, text) === octets;
}

function encodeName(converter: Converter, charset: string, name: string): Octets | undefined {
  let octets = "";
  for (const part of partsOf(name)) {
    const octet = escapedOctet(part);
    if (octet !== undefined) {
      octets += String.fromCharCode(octet);
      continue;
    }
    const encoded = octetsOf(converter, charset, part);
    if (!part.isWellFormed() || textOf(converter, charset, encoded) !== part) return undefined;
    octets += encoded;
  }
  return octets as Octets;
}

function textOf(converter: Converter, charset: string, octets: string): string {
  return converter.decode(Buffer.from(bytesFromOctets(octets as Octets)), charset, { stripBOM: false });
}

function octetsOf(converter: Converter, charset: string, text: string): Octets {
  return octetsFromBytes(converter.encode(text, charset));
}
