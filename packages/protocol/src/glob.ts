import type { Octets } from "./octets.ts";

/** A compiled pattern. */
export interface GlobPattern {
  matches(name: Octets): boolean;
}

/** Whether a name holds any of the octets that patterns give a meaning to. */
export function hasWildcards(name: Octets): boolean {
  return /[*?[]/.test(name);
}

/**
 * Compiles a pattern for one component of a path: `*` for any octets, `?` for one, `[a-z]` for one of a set and `[!a]`
 * or `[^a]` for one outside it; a `[` without `]` stands for itself. There are no braces and there is no escape; `[*]`
 * stands for an asterisk. Hidden names match like others. Patterns match octets: of a UTF-8 name, `?` matches one octet.
 *
 * Matching a name takes at most as many steps as the product of both lengths, whatever the pattern: only the last `*`
 * is ever tried again. Fails where there are more `*` than `starsMax` (R-LIST-05, S-17).
 */
export function compileGlob(pattern: Octets, starsMax: number): GlobPattern | "too-many-wildcards" {
  const tokens = tokenise(pattern);
  const starCount = tokens.filter((token) => token === star).length;
  if (starCount > starsMax) return "too-many-wildcards";
  const octetsMin = tokens.length - starCount;
  return { matches: (name) => name.length >= octetsMin && matchTokens(tokens, name) };
}

const star = Symbol("*");

/** One octet of a name: exactly this one, any one, or one for which the set holds 1. */
type GlobToken = number | "any" | Uint8Array | typeof star;

function tokenise(pattern: Octets): readonly GlobToken[] {
  const tokens: GlobToken[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const octet = pattern[at];
    const close = octet === "[" ? closingBracket(pattern, at) : -1;
    if (octet === "*") tokens.push(star);
    else if (octet === "?") tokens.push("any");
    else if (close < 0) tokens.push(pattern.charCodeAt(at));
    else {
      tokens.push(octetSet(pattern.slice(at + 1, close)));
      at = close;
    }
  }
  return tokens;
}

/** A `]` right after `[` or its negation belongs to the set. */
function closingBracket(pattern: Octets, open: number): number {
  const isNegated = pattern[open + 1] === "!" || pattern[open + 1] === "^";
  return pattern.indexOf("]", open + (isNegated ? 3 : 2));
}

function octetSet(body: string): Uint8Array {
  const isNegated = body.startsWith("!") || body.startsWith("^");
  const members = isNegated ? body.slice(1) : body;
  const set = new Uint8Array(256).fill(isNegated ? 1 : 0);
  const mark = isNegated ? 0 : 1;
  for (let at = 0; at < members.length; at++) {
    const first = members.charCodeAt(at);
    const isRange = members[at + 1] === "-" && at + 2 < members.length;
    const last = isRange ? members.charCodeAt(at + 2) : first;
    if (first <= last) set.fill(mark, first, last + 1);
    if (isRange) at += 2;
  }
  return set;
}

function matchTokens(tokens: readonly GlobToken[], name: Octets): boolean {
  let [token, octet] = [0, 0];
  let [starToken, starOctet] = [-1, 0];
  while (octet < name.length) {
    const wanted = tokens[token];
    if (wanted === star) {
      [starToken, starOctet] = [token++, octet];
    } else if (wanted !== undefined && matchesOne(wanted, name.charCodeAt(octet))) {
      token++;
      octet++;
    } else if (starToken >= 0) {
      token = starToken + 1;
      octet = ++starOctet;
    } else return false;
  }
  while (tokens[token] === star) token++;
  return token === tokens.length;
}

function matchesOne(token: number | "any" | Uint8Array, octet: number): boolean {
  if (typeof token === "number") return token === octet;
  return token === "any" || token[octet] === 1;
}
