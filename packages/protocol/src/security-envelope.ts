import { bytesFromOctets, octetsFromBytes, type Octets } from "./octets.ts";

/*
 * RFC 2228: tokens travel in base64 (§9), commands inside MIC, CONF and ENC, replies inside 631, 633 and 632.
 */

export type EnvelopeCode = 631 | 632 | 633;

/** The command that carries another: MIC seals it, ENC encrypts it as well. The reply is protected alike. */
export type MessageLevel = "MIC" | "ENC";

/**
 * Cuts an encoded reply, with all its CRLFs, into the fragments that the mechanism wraps one by one: each of at most
 * `fragmentBytesMax` octets, at least one (RFC 2228 §7.2, R-2228-11).
 */
export function replyFragments(reply: Octets, fragmentBytesMax: number): Uint8Array[] {
  const bytes = bytesFromOctets(reply);
  // The peer's PBSZ may leave no room at all; fragments of one octet are slow but true.
  const fragmentBytes = Math.max(1, fragmentBytesMax);
  const fragments: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += fragmentBytes) {
    fragments.push(bytes.subarray(at, at + fragmentBytes));
  }
  return fragments;
}

/** Puts the tokens of a reply's fragments into lines: `63x-token`, the last one `63x token`, each with CRLF. */
export function protectedReply(code: EnvelopeCode, tokens: readonly Uint8Array[]): Octets {
  const last = tokens.length - 1;
  const lines = tokens.map((token, index) => `${code}${index === last ? " " : "-"}${encodeBase64(token)}\r\n`);
  return lines.join("") as Octets;
}

/** The tokens in the lines of a reply 631, 632 or 633 as the reply decoder gives them. */
export function protectedReplyTokens(lines: readonly Octets[]): Uint8Array[] | "not-base64" {
  const tokens: Uint8Array[] = [];
  for (const line of lines) {
    const token = decodeBase64(line.replace(/^63[123][ -]/, ""));
    if (token === undefined) return "not-base64";
    tokens.push(token);
  }
  return tokens;
}

/**
 * Joins the opened fragments of one protected reply, wherever they were cut. The result ends with CRLF, which the sender
 * may leave out, and is input for a reply decoder. That decoder has to stand behind all protected replies of a
 * connection: MIT's server seals each line of a long reply without its CRLF, as 63x- or as a 63x of its own.
 */
export function joinReply(fragments: readonly Uint8Array[]): Octets {
  const texts = fragments.map((fragment) => octetsFromBytes(fragment));
  const joined = texts.join("").replace(/\0$/, "");
  // A reply of several lines without any CRLF: each fragment is a line.
  const isLineByLine = /^\d{3}-/.test(joined) && !joined.includes("\r\n");
  const reply = isLineByLine ? texts.join("\r\n") : joined;
  return (reply.endsWith("\r\n") ? reply : `${reply}\r\n`) as Octets;
}

/**
 * Returns the command line that was inside MIC, CONF or ENC. Its line end may be missing, but it can be CRLF alone, and
 * there is one line: undefined where a LF, a CR without LF, or anything after the line end is found (R-2228-09). MIT's
 * client ends the command with NUL in place of CRLF. 0xFF is doubled as outside (RFC 854); one that is not stays.
 */
export function innerCommand(opened: Uint8Array): Octets | undefined {
  const line = octetsFromBytes(opened)
    .replace(/(?<!\r)\0$/, "")
    .replace(/\r\n$/, "")
    .replaceAll("\xFF\xFF", "\xFF") as Octets;
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
