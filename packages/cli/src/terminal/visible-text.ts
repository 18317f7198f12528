import { escapeControls } from "@sallyport/protocol";

/**
 * A text from elsewhere as a terminal may get it: control characters, and characters that turn or hide what stands
 * around them, become visible escapes; octets that were no text in the server's charset are `\xNN`. Nothing that a server
 * sends reaches a terminal in any other way.
 */
export function visibleText(text: string): string {
  if (/^[\u0020-\u007E]*$/.test(text)) return text;
  const octetsShown = text.replaceAll(/[\uDC80-\uDCFF]/gu, (octet) => {
    return `\\x${(octet.charCodeAt(0) - 0xdc00).toString(16).toUpperCase()}`;
  });
  return escapeControls(octetsShown.toWellFormed()).replaceAll(unseen, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** A name from elsewhere inside a sentence, which may begin with it. */
export function quotedName(name: string): string {
  return `"${visibleText(name)}"`;
}

/** Format characters, but for the two joiners that scripts need. */
const unseen = /[\p{Cf}\u115F\u1160\u3164\uFFA0](?<![\u200C\u200D])/gu;

/** JSON on one line, in which no character stands for itself that a terminal would act on. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "bigint" ? JSON.rawJSON(String(member)) : member,
  );
  return text.replaceAll(/[\u007F-\u009F\p{Cf}\u2028\u2029]/gu, (character) => {
    // Pairs of surrogates are two escapes in JSON.
    return Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }).join("");
  });
}

declare global {
  interface JSON {
    /** ECMAScript 2027, in Node since 22: a number is written as it stands here. */
    rawJSON(text: string): object;
  }
}
