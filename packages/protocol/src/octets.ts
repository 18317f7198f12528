/**
 * Octet strings: what travels on the control connection, kept byte for byte.
 *
 * RFC 3659 §7 makes all 256 octets significant and R-2640-03 forbids to damage names that are not valid UTF-8. An
 * octet string is a JavaScript string in which each code unit is one octet (0x00–0xFF); V8 stores it one byte a unit,
 * it compares, splits and hashes like any string, and no conversion can lose anything.
 */
declare const octetsBrand: unique symbol;

/** A string in which every code unit is one octet. */
export type Octets = string & { readonly [octetsBrand]: true };

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Turns bytes into an octet string; `end` is exclusive. */
export function octetsFromBytes(bytes: Uint8Array, start = 0, end = bytes.length): Octets {
  let octets = "";
  for (let at = start; at < end; at += 8192) {
    // A spread would ask an iterator for every octet.
    octets += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, Math.min(end, at + 8192)));
  }
  return octets as Octets;
}

/** Turns an octet string into its bytes. */
export function bytesFromOctets(octets: Octets): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(octets.length);
  for (let at = 0; at < octets.length; at++) bytes[at] = octets.charCodeAt(at);
  return bytes;
}

/** Encodes text as UTF-8, the form of names on the wire (RFC 2640 §2.2). */
export function octetsFromText(text: string): Octets {
  return isAscii(text) ? (text as Octets) : octetsFromBytes(utf8Encoder.encode(text));
}

/** Decodes an octet string as UTF-8, or returns undefined where it is not valid UTF-8. */
export function textFromOctets(octets: Octets): string | undefined {
  if (isAscii(octets)) return octets;
  try {
    return utf8Decoder.decode(bytesFromOctets(octets));
  } catch {
    return undefined;
  }
}

/**
 * Shows an octet string to a person: UTF-8 where it is valid, otherwise each octet outside ASCII as `%HH` (R-2640-04),
 * and control characters always as `\xHH`, so that neither a terminal nor a log line can be steered by a peer.
 */
export function displayOctets(octets: Octets): string {
  const text = textFromOctets(octets);
  const shown = text ?? octets.replace(/[\x80-\xFF]/g, (octet) => `%${hex(octet.charCodeAt(0))}`);
  return escapeControls(shown);
}

/** Replaces C0, DEL, C1, and bidirectional or line-separator controls by visible escapes. */
export function escapeControls(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
    /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g,
    (character) => {
      const code = character.charCodeAt(0);
      return code < 0x100 ? `\\x${hex(code)}` : `\\u${code.toString(16).padStart(4, "0")}`;
    },
  );
}

function hex(octet: number): string {
  return octet.toString(16).padStart(2, "0").toUpperCase();
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
