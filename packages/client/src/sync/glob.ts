import { limits } from "@sallyport/protocol";

/** A compiled pattern for paths of a tree. */
export interface PathPattern {
  /** `path` as in `TreeEntry`. */
  matches(path: string, isDirectory: boolean): boolean;
}

/** Why a pattern was refused, in a sentence. */
export interface PatternFailure {
  readonly failure: string;
}

/**
 * Compiles a pattern as rsync's users know it. `*` stands for any characters of one name, `?` for one, `[a-z]` and
 * `[!a-z]` for one of a set or outside it, `{a,b}` for either, `\` takes the next character literally; `**` as a whole
 * name stands for any number of names, and at the end for all that is in a directory, however deep. A `/` at the start
 * ties the pattern to the root of the tree, without it the pattern may begin at any directory; a `/` at the end lets it
 * match directories only. Hidden names match like others.
 *
 * Matching is linear in pattern times path, whatever both are: only the last star is ever tried again (S-17). Patterns
 * and the alternatives of their braces are bounded by `globPatternCount` and `globAlternativesCount`.
 */
export function compilePathPattern(pattern: string, matchCase = true): PathPattern | PatternFailure {
  if (pattern.length > limits.globPatternCount.value) return { failure: "The pattern is too long." };
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined) return { failure: "The braces of the pattern stand for too many patterns." };
  if (alternatives.some((alternative) => /^\/*$/.test(alternative))) return { failure: "The pattern is empty." };
  const compiled = alternatives.map((alternative) => compileAlternative(alternative, matchCase));
  return {
    matches: (path, isDirectory) => {
      const names = (matchCase ? path : path.toLowerCase()).split("/").map((name) => Array.from(name));
      return compiled.some(
        ({ parts, directoriesOnly }) => (isDirectory || !directoriesOnly) && matchStars(parts, names, matchName),
      );
    },
  };
}

const star = Symbol("*");
const anyCharacter = Symbol("?");

/** One character, any, or a set of them. */
type NameToken = string | typeof anyCharacter | ((character: string) => boolean);
type NamePattern = ReadonlyArray<NameToken | typeof star>;

interface Alternative {
  /** One pattern a name; a star for any number of names. */
  readonly parts: ReadonlyArray<NamePattern | typeof star>;
  readonly directoriesOnly: boolean;
}

function compileAlternative(pattern: string, matchCase: boolean): Alternative {
  const isAnchored = pattern.startsWith("/");
  const parts = pattern
    .split("/")
    .filter((part) => part !== "")
    .map((part) => (part === "**" ? star : tokenise(part, matchCase)));
  // What is in a directory is at least one name below it.
  const inside = parts.at(-1) === star ? [...parts, [star] as const] : parts;
  return { parts: isAnchored ? inside : [star, ...inside], directoriesOnly: pattern.endsWith("/") };
}

/** The one algorithm for `*` in a name and `**` in a path. */
function matchStars<Token, Item>(
  tokens: ReadonlyArray<Token | typeof star>,
  items: readonly Item[],
  matchesOne: (token: Token, item: Item) => boolean,
): boolean {
  let [token, item] = [0, 0];
  let [starToken, starItem] = [-1, 0];
  while (item < items.length) {
    const wanted = tokens[token];
    const given = items[item] as Item;
    if (wanted === star) [starToken, starItem] = [token++, item];
    else if (wanted !== undefined && matchesOne(wanted, given)) [token, item] = [token + 1, item + 1];
    else if (starToken >= 0) [token, item] = [starToken + 1, ++starItem];
    else return false;
  }
  while (tokens[token] === star) token++;
  return token === tokens.length;
}

function matchName(pattern: NamePattern, name: readonly string[]): boolean {
  return matchStars<NameToken, string>(pattern, name, (token, character) => {
    if (typeof token === "function") return token(character);
    return token === anyCharacter || token === character;
  });
}

function tokenise(part: string, matchCase: boolean): NamePattern {
  const characters = Array.from(part);
  const tokens: Array<NameToken | typeof star> = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    const close = character === "[" ? closingBracket(characters, at) : -1;
    if (character === "*") tokens.push(star);
    else if (character === "?") tokens.push(anyCharacter);
    else if (close >= 0) {
      tokens.push(characterSet(characters.slice(at + 1, close), matchCase));
      at = close;
    } else {
      const literal = character === "\\" && at + 1 < characters.length ? (characters[++at] ?? "") : character;
      tokens.push(matchCase ? literal : literal.toLowerCase());
    }
  }
  return tokens;
}

/** A `]` right after `[` or its negation belongs to the set. */
function closingBracket(characters: readonly string[], open: number): number {
  const isNegated = characters[open + 1] === "!" || characters[open + 1] === "^";
  return characters.indexOf("]", open + (isNegated ? 3 : 2));
}

function characterSet(body: readonly string[], matchCase: boolean): (character: string) => boolean {
  const isNegated = body[0] === "!" || body[0] === "^";
  const members = isNegated ? body.slice(1) : body;
  const ranges: Array<readonly [first: string, last: string]> = [];
  for (let at = 0; at < members.length; at++) {
    const first = members[at] ?? "";
    const isRange = members[at + 1] === "-" && at + 2 < members.length;
    ranges.push([first, isRange ? (members[at + 2] ?? "") : first]);
    if (isRange) at += 2;
  }
  const holds = (character: string): boolean => ranges.some(([first, last]) => first <= character && character <= last);
  return (character) => {
    const isMember = holds(character) || (!matchCase && holds(character.toUpperCase()));
    return isMember !== isNegated;
  };
}

/** All patterns that the braces stand for; undefined where they are too many. Braces without a comma are literal. */
function expandBraces(pattern: string): readonly string[] | undefined {
  const done: string[] = [];
  const waiting = [pattern];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const braces = firstBraces(next);
    if (braces === undefined) done.push(next);
    else waiting.push(...braces.alternatives.map((one) => braces.before + one + braces.after).toReversed());
    if (done.length + waiting.length > limits.globAlternativesCount.value) return undefined;
  }
  return done;
}

interface Braces {
  readonly before: string;
  readonly alternatives: readonly string[];
  readonly after: string;
}

function firstBraces(pattern: string): Braces | undefined {
  for (let open = 0; open < pattern.length; open++) {
    if (pattern[open] === "\\") open++;
    else if (pattern[open] === "{") {
      const braces = bracesAt(pattern, open);
      if (braces !== undefined) return braces;
    }
  }
  return undefined;
}

function bracesAt(pattern: string, open: number): Braces | undefined {
  const alternatives: string[] = [];
  let [depth, start] = [0, open + 1];
  for (let at = open + 1; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") at++;
    else if (character === "{") depth++;
    else if (character === "," && depth === 0) {
      alternatives.push(pattern.slice(start, at));
      start = at + 1;
    } else if (character === "}" && depth-- === 0) {
      alternatives.push(pattern.slice(start, at));
      const isChoice = alternatives.length > 1;
      return isChoice ? { before: pattern.slice(0, open), alternatives, after: pattern.slice(at + 1) } : undefined;
    }
  }
  return undefined;
}
