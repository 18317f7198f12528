import { bytesFromOctets, octetsFromBytes, type Octets } from "./octets.ts";

/*
 * RFC 2228: tokens travel in base64 (§9), commands inside MIC, CONF and ENC, replies inside 631, 633 and 632.
 */

export type EnvelopeCode = 631 | 632 | 633;

/** Protects one fragment of a reply; the result is a token of the security mechanism. */
export type Wrap = (fragment: Uint8Array) => Uint8Array;

/** Checks and opens a token; undefined where the mechanism rejects it. */
export type Unwrap = (token: Uint8Array) => Uint8Array | undefined;

/**
 * Puts an encoded reply, with all its CRLFs, into protected lines: each fragment of at most `fragmentBytesMax` octets
 * is wrapped and sent as `63x-token`, the last one as `63x token` (RFC 2228 §7.2, R-2228-11). Lines end with CRLF.
 */
export function wrapReply(code: EnvelopeCode, reply: Octets, fragmentBytesMax: number, wrap: Wrap): Octets {
  const bytes = bytesFromOctets(reply);
  // The peer's PBSZ may leave no room at all; fragments of one octet are slow but true.
  const fragmentBytes = Math.max(1, fragmentBytesMax);
  const lines: string[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += fragmentBytes) {
    const isLast = at + fragmentBytes >= bytes.length;
    const token = wrap(bytes.subarray(at, at + fragmentBytes));
    lines.push(`${code}${isLast ? " " : "-"}${encodeBase64(token)}\r\n`);
  }
  return lines.join("") as Octets;
}

/**
 * Opens the lines of a reply 631, 632 or 633 as the reply decoder gives them, and joins the fragments, wherever they
 * were cut. The result ends with CRLF, which the sender may leave out, and is input for a reply decoder.
 */
export function unwrapReply(lines: readonly Octets[], unwrap: Unwrap): Octets | "not-base64" | "rejected" {
  let reply = "";
  for (const line of lines) {
    const token = decodeBase64(line.replace(/^63[123][ -]/, ""));
    if (token === undefined) return "not-base64";
    const fragment = unwrap(token);
    if (fragment === undefined) return "rejected";
    reply += octetsFromBytes(fragment);
  }
  return (reply.endsWith("\r\n") ? reply : `${reply}\r\n`) as Octets;
}

/**
 * Returns the command line that was inside MIC, CONF or ENC. Its line end may be missing, but it can be CRLF alone, and
 * there is one line: undefined where a LF, a CR without LF, or anything after the line end is found (R-2228-09).
 */
export function innerCommand(opened: Uint8Array): Octets | undefined {
  const line = octetsFromBytes(opened).replace(/\r\n$/, "") as Octets;
  // oxlint-disable-next-line no-control-regex -- CR NUL is a literal CR (RFC 2640 §3.1)
  return /\n|\r(?!\0)/.test(line) ? undefined : line;
}

/** The text of replies 334, 335 and 235 that carry a token. */
export function formatAdat(token: Uint8Array): Octets {
  return `ADAT=${encodeBase64(token)}` as Octets;
}

/** Finds the token in the text of replies 334, 335 and 235 (RFC 2228 §3). */
export function parseAdat(text: Octets): Uint8Array | "absent" | "not-base64" {
  const [, token] = /(?:^|[ [])ADAT=([^ \]]*)/i.exec(text) ?? [];
  return token === undefined ? "absent" : (decodeBase64(token) ?? "not-base64");
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Six bits by character code, −1 for characters outside the alphabet. */
const sextets = Int8Array.from({ length: 128 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)));

/** Encodes as RFC 1421 §4.3.2.4 does, with padding and without line breaks (R-2228-13). */
export function encodeBase64(bytes: Uint8Array): Octets {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second, third] = [bytes[at], bytes[at + 1], bytes[at + 2]];
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0);
    text += `${alphabet[bits >> 18]}${alphabet[(bits >> 12) & 63]}`;
    text += second === undefined ? "=" : alphabet[(bits >> 6) & 63];
    text += third === undefined ? "=" : alphabet[bits & 63];
  }
  return text as Octets;
}

/**
 * Decodes strictly: the alphabet, padding to a multiple of four, zero bits behind the last octet, and nothing else;
 * undefined otherwise. There is no limit of length but that of the line (RFC 2228 §9, R-2228-13).
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const sextetCount = text.length - padding;
  let bits = 0;
  for (let at = 0, to = 0; at < sextetCount; at++) {
    const sextet = sextets[text.charCodeAt(at)] ?? -1;
    if (sextet < 0) return undefined;
    bits = ((bits << 6) | sextet) & 0xfff;
    // Every sextet but the first of four completes an octet: 6 bits, then 4 and 2 that stay over.
    const spare = [0, 4, 2, 0][at & 3] ?? 0;
    if ((at & 3) !== 0) bytes[to++] = bits >> spare;
    if (at === sextetCount - 1 && (bits & ((1 << spare) - 1)) !== 0) return undefined;
  }
  return bytes;
}
