import { octetsFromText, type Octets } from "./octets.ts";

/**
 * A reply of the server-PI: a three-digit code and one or more lines of text (RFC 959 §4.2). Inner lines of a
 * multi-line reply are sent with one space in front, so that none can look like a last line (R-959-08).
 */
export interface Reply {
  readonly code: number;
  readonly lines: readonly [Octets, ...Octets[]];
}

/** Makes a reply of one line. Text is encoded as UTF-8; paths are given as octets by {@link replyOctets}. */
export function reply(code: number, text: string): Reply {
  return { code, lines: [octetsFromText(text)] };
}

/** Makes a reply of one line that contains octets as they are, such as a path. */
export function replyOctets(code: number, ...parts: readonly (Octets | string)[]): Reply {
  return { code, lines: [parts.join("") as Octets] };
}

/** Makes a reply of several lines: an opening line, inner lines, and a closing line. */
export function multiLineReply(code: number, opening: string, inner: readonly Octets[], closing: string): Reply {
  return { code, lines: [octetsFromText(opening), ...inner, octetsFromText(closing)] };
}

/**
 * Encodes a reply for the control connection. 0xFF is doubled (RFC 3659 §2.2); CR, LF and NUL cannot be part of a
 * reply text and become `?`, so that no name can forge a second reply (S-09).
 */
export function encodeReply({ code, lines }: Reply): Octets {
  const last = lines.length - 1;
  let encoded = "";
  for (const [at, line] of lines.entries()) {
    const prefix = at === last ? `${code} ` : at === 0 ? `${code}-` : " ";
    encoded += `${prefix}${escapeReplyText(line)}\r\n`;
  }
  return encoded as Octets;
}

function escapeReplyText(line: Octets): string {
  // oxlint-disable-next-line no-control-regex -- these octets are the point
  return /[\r\n\0\xFF]/.test(line) ? line.replace(/[\r\n\0]/g, "?").replaceAll("\xFF", "\xFF\xFF") : line;
}

export function isPositive(given: Reply): boolean {
  return given.code < 400;
}

/** RFC 959 §4.2.1: a preliminary reply is followed by another reply to the same command. */
export function isPreliminary(given: Reply): boolean {
  return given.code < 200;
}
