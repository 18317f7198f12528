import { type Octets, octetsFromText, textFromOctets } from "@sallyport/protocol";

/**
 * Decodes octets as UTF-8; each octet b that is no part of a well-formed sequence (Unicode, table 3-7: no overlong
 * forms, no surrogates, nothing past U+10FFFF) becomes the lone surrogate U+DC00 + b.
 */
export function decodeUtf8Name(octets: Octets): string {
  const text = textFromOctets(octets);
  if (text !== undefined) return text;
  let name = "";
  for (let at = 0; at < octets.length;) {
    const length = sequenceLength(octets, at);
    if (length === 0) name += escapeOctet(octets.charCodeAt(at));
    else name += textFromOctets(octets.slice(at, at + length) as Octets) ?? "";
    at += Math.max(length, 1);
  }
  return name;
}

/** Encodes a name as UTF-8, escapes as their octets; undefined for a surrogate that is no escape. */
export function encodeUtf8Name(name: string): Octets | undefined {
  if (name.isWellFormed()) return octetsFromText(name);
  let octets = "";
  for (const part of partsOf(name)) {
    const octet = escapedOctet(part);
    if (octet !== undefined) octets += String.fromCharCode(octet);
    else if (part.isWellFormed()) octets += octetsFromText(part);
    else return undefined;
  }
  return octets as Octets;
}

/** The surrogate that stands for an octet outside ASCII. */
export function escapeOctet(octet: number): string {
  return String.fromCharCode(0xdc00 + octet);
}

/** The octet that a one-character string stands for as an escape, or undefined. */
export function escapedOctet(character: string): number | undefined {
  const code = character.charCodeAt(0);
  return character.length === 1 && code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : undefined;
}

/** Cuts a name into lone surrogates and what stands between them. */
export function partsOf(name: string): readonly string[] {
  return name.match(/\p{Surrogate}|\P{Surrogate}+/gu) ?? [];
}

/** Length of the well-formed sequence that starts here; 0 where none does. */
function sequenceLength(octets: string, at: number): number {
  const lead = octets.charCodeAt(at);
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > octets.length) return 0;
  const second = octets.charCodeAt(at + 1);
  if (second < (secondMin[lead] ?? 0x80) || second > (secondMax[lead] ?? 0xbf)) return 0;
  for (let next = at + 2; next < at + length; next++) {
    const octet = octets.charCodeAt(next);
    if (octet < 0x80 || octet > 0xbf) return 0;
  }
  return length;
}

const secondMin: Readonly<Record<number, number>> = { 0xe0: 0xa0, 0xf0: 0x90 };
const secondMax: Readonly<Record<number, number>> = { 0xed: 0x9f, 0xf4: 0x8f };
