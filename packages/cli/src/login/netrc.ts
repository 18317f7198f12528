/** One machine of a netrc. */
export interface NetrcEntry {
  readonly machine: string;
  /** Stands for every machine that is not named before it. */
  readonly isDefault: boolean;
  readonly login?: string;
  readonly password?: string;
}

/** What is wrong with a netrc. The sentence repeats no word of the file, since any may be a secret. */
export interface NetrcFailure {
  readonly line: number;
  readonly failure: string;
}

/**
 * Reads a netrc: `machine NAME` or `default`, then `login`, `password` and `account` with a value each, words apart by
 * space or line ends. A value may stand in double quotes with `\"`, `\\`, `\n`, `\r` and `\t` in them, as curl has it.
 * Where a keyword is expected `#` begins a comment, and `macdef` is left out up to the next empty line. Anything else is
 * a failure: half of a password that has a space in it must not be used as the whole.
 */
export function parseNetrc(text: string): readonly NetrcEntry[] | NetrcFailure {
  const words = new NetrcWords(text);
  const entries: { machine: string; isDefault: boolean; login?: string; password?: string }[] = [];
  for (let word = words.keyword(); word !== undefined; word = words.keyword()) {
    const { line } = words;
    const failed = (failure: string): NetrcFailure => ({ line, failure });
    if (word === "macdef") {
      words.skipMacro();
      continue;
    }
    if (word === "machine" || word === "default") {
      if (entries.at(-1)?.isDefault === true) return failed("default stands last, and something follows it");
      const machine = word === "default" ? word : words.value();
      if (machine === undefined) return failed("machine needs a name behind it");
      entries.push({ machine, isDefault: word === "default" });
      continue;
    }
    if (word !== "login" && word !== "password" && word !== "account") {
      return failed("here a keyword is expected; a value with spaces stands in double quotes");
    }
    const entry = entries.at(-1);
    if (entry === undefined) return failed(`${word} stands before any machine`);
    const value = words.value();
    if (value === undefined) return failed(`${word} needs a value behind it`);
    if (word !== "account") entry[word] = value;
  }
  return entries;
}

/** Tells a failure from entries. */
export function isNetrcFailure(result: readonly NetrcEntry[] | NetrcFailure): result is NetrcFailure {
  return "failure" in result;
}

/** The first entry for a host, and for a user where one is asked for; `default` fits every host. */
export function findInNetrc(
  entries: readonly NetrcEntry[],
  wanted: { readonly host: string; readonly user?: string | undefined },
): NetrcEntry | undefined {
  const host = wanted.host.toLowerCase();
  return entries.find(
    ({ machine, isDefault, login }) =>
      (isDefault || machine.toLowerCase() === host) &&
      (wanted.user === undefined || login === undefined || login === wanted.user),
  );
}

class NetrcWords {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Line of the last word, from 1. */
  get line(): number {
    return this.#text.slice(0, Math.max(0, this.#at - 1)).split("\n").length;
  }

  keyword(): string | undefined {
    this.#skip(/(?:\s+|#[^\n]*)*/y);
    return this.#take(/\S+/y);
  }

  value(): string | undefined {
    this.#skip(/\s*/y);
    if (this.#text[this.#at] !== '"') return this.#take(/\S+/y);
    const quoted = this.#take(/"(?:[^"\\\n]|\\[^\n])*"(?!\S)/y);
    return quoted?.slice(1, -1).replaceAll(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped);
  }

  /** A macro ends at an empty line. */
  skipMacro(): void {
    this.#skip(/[^]*?(?:\r?\n[ \t]*\r?\n|$)/y);
  }

  #skip(pattern: RegExp): void {
    this.#take(pattern);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
