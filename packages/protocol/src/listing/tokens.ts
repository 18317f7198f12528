/** A run of octets between blanks, with its place in the line; lines that were joined are blank where they meet. */
export interface Token {
  readonly text: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

declare const digitsBrand: unique symbol;

/** Decimal digits, at least one. */
export type Digits = string & { readonly [digitsBrand]: true };

/** More columns than any format has, owners and groups with many spaces included; the rest of a line is its name. */
const tokensMax = 40;

/** Cuts the beginning of a line at blanks and tabs. */
export function tokensOf(line: string, max = tokensMax): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (tokens.length < max) {
    while (isBlank(line.charCodeAt(at))) at++;
    if (at >= line.length) break;
    const start = at;
    while (at < line.length && !isBlank(line.charCodeAt(at))) at++;
    tokens.push({ text: line.slice(start, at), start, end: at });
  }
  return tokens;
}

/** How many blanks stand at a place, `max` at most. */
export function blanksAt(line: string, at: number, max = Number.POSITIVE_INFINITY): number {
  let count = 0;
  while (count < max && isBlank(line.charCodeAt(at + count))) count++;
  return count;
}

/** Whether the text is a decimal number without sign. */
export function isNumber(text: string | undefined): text is Digits {
  if (text === undefined || text === "") return false;
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet < 0x30 || octet > 0x39) return false;
  }
  return true;
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09 || octet === 0x0a;
}
