/*
 * A word of a command line, with its quotes taken off. Characters that mean something unless they are quoted, and were
 * quoted, have a mark before them, so that `a[1]` is a pattern and "a[1]" is a name.
 */

/** A noncharacter, which no text has. */
const mark = "\uFDD0";

const meaningful = /[*?[~\uFDD0]/;

export function isMark(character: string): boolean {
  return character === mark;
}

/** A character that was quoted, as a word has it. */
export function quotedCharacter(character: string): string {
  return meaningful.test(character) ? mark + character : character;
}

/** What a word says where nothing has a meaning of its own. */
export function plainText(word: string): string {
  return word.replaceAll(/\uFDD0([^])/g, "$1");
}

/** The pattern that a word is: quoted wildcards are sets of one, as in `[*]`. */
export function patternText(word: string): string {
  return word.replaceAll(/\uFDD0([^])/g, (_, character: string) =>
    /[*?[]/.test(character) ? `[${character}]` : character,
  );
}

/** Where a word is completed: outside quotes or within. */
export type QuoteStyle = "none" | '"' | "'";

/**
 * A text as it is typed to mean itself. What no terminal may get is an escape; undefined where single quotes cannot
 * hold it. The beginning of a text is typed as the beginning of the whole.
 */
export function typedText(text: string, style: QuoteStyle): string | undefined {
  if (style === "'") return /^[^'\p{C}]*$/u.test(text) ? text : undefined;
  const special = style === '"' ? /["\\]/ : /[\s"'\\;&|<>#*?[\]~!$`()]/;
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00)}`;
    if (code < 0x20 || code === 0x7f) return `\\x${hex(code)}`;
    if (/[\p{C}\p{Z}\u115F\u1160\u3164\uFFA0]/u.test(character) && character !== " ")
      return `\\u{${code.toString(16)}}`;
    return special.test(character) ? `\\${character}` : character;
  }).join("");
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, "0");
}
