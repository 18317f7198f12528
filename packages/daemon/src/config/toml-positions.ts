/** Where in a document something stands, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The way to a key: names, and for elements of an array of tables their number from 0. */
export type KeyPath = readonly (string | number)[];

/**
 * Finds where each key and table of a TOML document stands, which the parser does not tell. The document must be one
 * that the parser accepts: values are skipped, not read, so that only strings, comments and brackets have to be known.
 */
export class TomlPositions {
  readonly #positions = new Map<string, Position>();
  readonly #text: string;
  readonly #counts = new Map<string, number>();
  #at = 0;
  #table: KeyPath = [];

  constructor(text: string) {
    this.#text = text;
    this.#scan();
  }

  /** The place of a key, or of the nearest table or array around it that has one; the first line where none has. */
  of(path: KeyPath): Position {
    for (let length = path.length; length > 0; length--) {
      const found = this.#positions.get(keyOf(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return { line: 1, column: 1 };
  }

  #scan(): void {
    for (;;) {
      this.#skip(/[\s]*(?:#[^\n]*\n?[\s]*)*/y);
      if (this.#at >= this.#text.length) return;
      const startAt = this.#at;
      if (this.#text[this.#at] === "[") this.#header();
      else this.#pair(this.#table);
      // A document that is not as promised ends here rather than never.
      if (this.#at === startAt) return;
    }
  }

  #header(): void {
    const position = this.#position();
    const isArray = this.#text.startsWith("[[", this.#at);
    this.#at += isArray ? 2 : 1;
    const names = this.#names();
    this.#skip(/[ \t]*\]{1,2}/y);
    const parent = this.#inArrays(names.slice(0, -1));
    const own = [...parent, names.at(-1) ?? ""];
    if (isArray) {
      const count = this.#counts.get(keyOf(own)) ?? 0;
      this.#counts.set(keyOf(own), count + 1);
      this.#table = [...own, count];
    } else this.#table = this.#inArrays(names);
    for (let length = 1; length <= this.#table.length; length++) this.#note(this.#table.slice(0, length), position);
  }

  /** A table below an array of tables belongs to the array's last element. */
  #inArrays(names: readonly string[]): KeyPath {
    const path: (string | number)[] = [];
    for (const name of names) {
      path.push(name);
      const count = this.#counts.get(keyOf(path));
      if (count !== undefined) path.push(count - 1);
    }
    return path;
  }

  #pair(table: KeyPath): void {
    const position = this.#position();
    const names = this.#names();
    const path = [...table, ...names];
    for (let length = table.length + 1; length <= path.length; length++) this.#note(path.slice(0, length), position);
    this.#skip(/[ \t]*=[ \t]*/y);
    this.#value(path);
  }

  #names(): string[] {
    const names: string[] = [];
    do {
      this.#skip(/[ \t]*/y);
      const word = this.#skip(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+/y);
      names.push(/^["']/.test(word) ? unquoted(word) : word);
      this.#skip(/[ \t]*/y);
    } while (this.#skip(/\./y) !== "");
    return names;
  }

  #value(path: KeyPath): void {
    const text = this.#skip(/"""[^]*?(?<!\\)(?:\\\\)*"""+|'''[^]*?'''+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y);
    if (text !== "") return;
    const opening = this.#text[this.#at];
    if (opening === "[") this.#elements(path);
    else if (opening === "{") this.#members(path);
    else this.#skip(/[^\s,\]}#]+(?: [\d:.Z+-]+)?/y);
  }

  #elements(path: KeyPath): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#skip(between);
      if (this.#skip(/\]/y) !== "" || this.#at >= this.#text.length) return;
      this.#note([...path, index], this.#position());
      const startAt = this.#at;
      this.#value([...path, index]);
      if (this.#at === startAt) return;
    }
  }

  #members(path: KeyPath): void {
    this.#at++;
    for (;;) {
      this.#skip(between);
      if (this.#skip(/\}/y) !== "" || this.#at >= this.#text.length) return;
      const startAt = this.#at;
      this.#pair(path);
      if (this.#at === startAt) return;
    }
  }

  #note(path: KeyPath, position: Position): void {
    if (!this.#positions.has(keyOf(path))) this.#positions.set(keyOf(path), position);
  }

  #position(): Position {
    const before = this.#text.slice(0, this.#at);
    return { line: before.split("\n").length, column: this.#at - before.lastIndexOf("\n") };
  }

  /** Goes past what a sticky pattern matches here, and returns it. */
  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ""] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}

const between = /(?:[\s,]+|#[^\n]*)*/y;

function keyOf(path: KeyPath): string {
  return JSON.stringify(path);
}

/** A quoted key: TOML's escapes are those of JSON, but for \U and \e, which no setting has. */
function unquoted(word: string): string {
  if (word.startsWith("'")) return word.slice(1, -1);
  try {
    return String(JSON.parse(word));
  } catch {
    return word.slice(1, -1);
  }
}
