import { isMark, quotedCharacter, type QuoteStyle } from "./words.ts";

/** One command, and where its output goes. */
export interface Step {
  /** When it is run, by how the one before it ended. */
  readonly when: "always" | "success" | "failure";
  /** See `words.ts`. */
  readonly words: readonly string[];
  readonly sink?: Sink;
  /** What the system's own shell runs in place of words, which there are none of then. */
  readonly system?: string;
}

/** Where output goes in place of the terminal. */
export type Sink =
  | { readonly kind: "file"; readonly path: string; readonly appends: boolean }
  | { readonly kind: "program"; readonly command: string };

/** Commands that stand or fall together. */
export interface Statement {
  readonly text: string;
  readonly steps: readonly Step[];
  readonly isBackground: boolean;
}

/** A line: commands of the shell, or one for the system's own shell. */
export type Line =
  | { readonly kind: "commands"; readonly statements: readonly Statement[] }
  | { readonly kind: "system"; readonly command: string };

/** What is wrong with a line, as a sentence. */
export interface LineFailure {
  readonly failure: string;
}

export function isLineFailure(result: object): result is LineFailure {
  return "failure" in result;
}

/**
 * Reads a line. Words are parted by space; `'…'` quotes everything, `"…"` and `\` quote what stands there, `\x1B` and
 * `\u{200b}` are the characters that listings show so, `\xE9` an octet that is no character; `#` begins a comment. `;`
 * parts statements, `&&` and `||` make one depend on the other, `&` behind one runs it in the background; `|` hands the
 * output to a command of the system's shell, `>` and `>>` to a file. Behind `!` where a command may begin, the rest of
 * the line is the system shell's.
 */
export function parseLine(text: string): Line | LineFailure {
  const system = /^\s*!(.*)$/s.exec(text)?.[1]?.trim();
  if (system !== undefined) return { kind: "system", command: system };
  const tokens = tokensOf(text);
  for (const token of tokens) {
    if (token.kind !== "word") continue;
    const failure = token.open === undefined ? token.failure : openFailures[token.open];
    if (failure !== undefined) return { failure };
  }
  return statementsOf(text, tokens);
}

/** The beginning of a line as far as it is typed, for completion. */
export interface Beginning {
  /** The words of the command that is being typed, without the last. */
  readonly before: readonly string[];
  /** The word that is being typed; empty where none is begun. */
  readonly word: string;
  /** As it stands there. */
  readonly typed: string;
  readonly style: QuoteStyle;
  /** Whether the word is a file that output goes to. */
  readonly isSink: boolean;
}

/** Reads the beginning of a line; undefined where it is nothing of the shell's that is being typed. */
export function parseBeginning(text: string): Beginning | undefined {
  if (/^\s*!/.test(text)) return undefined;
  const tokens = tokensOf(text);
  const last = tokens.at(-1);
  if (last?.kind === "system") return undefined;
  const isBegun = last?.kind === "word" && last.end === text.length;
  const complete = isBegun ? tokens.slice(0, -1) : tokens;
  const start = complete.findLastIndex((token) => token.kind === "operator" && !isRedirection(token.text));
  const opener = complete[start];
  if (opener?.kind === "operator" && opener.text === "|") return undefined;
  if (text.includes("#") && tokens.some((token) => token.kind === "comment")) return undefined;
  const own = complete.slice(start + 1);
  const redirection = own.findIndex(({ kind }) => kind === "operator");
  const previous = complete.at(-1);
  const style = isBegun ? (last.typed.startsWith('"') ? '"' : last.typed.startsWith("'") ? "'" : "none") : "none";
  return {
    before: own.slice(0, redirection < 0 ? undefined : redirection).flatMap((token) => wordOf(token)),
    word: isBegun ? last.word : "",
    typed: isBegun ? last.typed : "",
    style: isBegun && style !== "none" && last.open !== style ? "none" : style,
    isSink: previous?.kind === "operator" && isRedirection(previous.text),
  };
}

type Open = '"' | "'" | "\\";

interface WordToken {
  readonly kind: "word";
  readonly word: string;
  readonly typed: string;
  readonly start: number;
  readonly end: number;
  /** What is not closed at the end of the line. */
  readonly open: Open | undefined;
  readonly failure: string | undefined;
}

type Token =
  | WordToken
  | { readonly kind: "operator"; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: "system"; readonly command: string; readonly start: number; readonly end: number }
  | { readonly kind: "comment"; readonly start: number; readonly end: number };

const openFailures: Readonly<Record<Open, string>> = {
  '"': 'A quote (") is not closed.',
  "'": "A quote (') is not closed.",
  "\\": "The line ends with a backslash, and nothing stands behind it.",
};

const operators = /&&|\|\||>>|[;&|>]/y;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? "")) {
      at++;
      continue;
    }
    if (text[at] === "#") return [...tokens, { kind: "comment", start: at, end: text.length }];
    if (text[at] === "!" && mayCommandBegin(tokens.at(-1))) {
      return [...tokens, { kind: "system", command: text.slice(at + 1).trim(), start: at, end: text.length }];
    }
    operators.lastIndex = at;
    const operator = operators.exec(text)?.[0];
    const token: Token =
      operator === undefined
        ? readWord(text, at)
        : { kind: "operator", text: operator, start: at, end: at + operator.length };
    tokens.push(token);
    at = token.end;
    // What follows is for the system's shell, up to where the statement ends.
    if (operator === "|") at = endOfSystemPart(text, at);
  }
  return tokens;
}

/** Whether a command may begin behind a token. */
function mayCommandBegin(token: Token | undefined): boolean {
  return token === undefined || (token.kind === "operator" && !isRedirection(token.text) && token.text !== "|");
}

function readWord(text: string, start: number): WordToken {
  let word = "";
  let at = start;
  let quote: '"' | "'" | undefined;
  let open: Open | undefined;
  let failure: string | undefined;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (quote === undefined && /[\s;&|>]/.test(character)) break;
    if (character === quote) {
      quote = undefined;
      at++;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      at++;
    } else if (character === "\\" && quote !== "'") {
      const escape = readEscape(text, at, quote === '"');
      word += escape.text;
      at = escape.end;
      failure ??= escape.failure;
      if (escape.isOpen) open = "\\";
    } else {
      word += quote === undefined && !isMark(character) ? character : quotedCharacter(character);
      at++;
    }
  }
  return { kind: "word", word, typed: text.slice(start, at), start, end: at, open: open ?? quote, failure };
}

interface Escape {
  readonly text: string;
  readonly end: number;
  readonly isOpen?: boolean;
  readonly failure?: string;
}

/** A backslash and what it quotes. */
function readEscape(text: string, at: number, isWithinQuotes: boolean): Escape {
  const rest = text.slice(at + 1, at + 12);
  const octet = /^x([0-9a-f]{2})/i.exec(rest)?.[1];
  if (octet !== undefined) {
    const code = Number.parseInt(octet, 16);
    return { text: characterOf(code < 0x80 ? code : 0xdc00 + code), end: at + 4 };
  }
  const [escape = "", braced, four] = /^u(?:\{([0-9a-f]{1,6})\}|([0-9a-f]{4}))/i.exec(rest) ?? [];
  if (escape !== "") {
    const code = Number.parseInt(braced ?? four ?? "", 16);
    const end = at + 1 + escape.length;
    if (code > 0x10_ffff) return { text: "", end, failure: `There is no character \\${escape}.` };
    return { text: characterOf(code), end };
  }
  const [character = ""] = rest;
  if (character === "") return { text: "", end: at + 1, isOpen: true };
  // As in other shells: between quotes it quotes only what would end them.
  if (isWithinQuotes && !/["\\]/.test(character)) return { text: "\\", end: at + 1 };
  return { text: quotedCharacter(character), end: at + 2 };
}

function characterOf(code: number): string {
  return quotedCharacter(String.fromCodePoint(code));
}

/** Where a part that another shell reads ends: at an operator that is not quoted. */
function endOfSystemPart(text: string, start: number): number {
  const pieces = /\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|&&|\|\||[;&]|[^]/gy;
  pieces.lastIndex = start;
  for (let piece = pieces.exec(text); piece !== null; piece = pieces.exec(text)) {
    if (["&&", "||", ";", "&"].includes(piece[0])) return piece.index;
  }
  return text.length;
}

function isRedirection(operator: string): boolean {
  return operator === ">" || operator === ">>";
}

function wordOf(token: Token): readonly string[] {
  return token.kind === "word" ? [token.word] : [];
}

function statementsOf(text: string, tokens: readonly Token[]): Line | LineFailure {
  const statements: Statement[] = [];
  let steps: Step[] = [];
  let when: Step["when"] = "always";
  let from = 0;
  const left = tokens.filter(({ kind }) => kind !== "comment");
  for (let at = 0; at < left.length;) {
    const step = readStep(text, left, at, when);
    if (isLineFailure(step)) return step;
    steps.push(step.step);
    const operator = left[step.next];
    at = step.next + 1;
    const end = operator?.start ?? left.at(-1)?.end ?? text.length;
    if (operator?.kind === "operator" && (operator.text === "&&" || operator.text === "||")) {
      if (left[at] === undefined) return { failure: `Behind ${operator.text} a command is missing.` };
      when = operator.text === "&&" ? "success" : "failure";
      continue;
    }
    const isBackground = operator?.kind === "operator" && operator.text === "&";
    const start = left[from]?.start ?? 0;
    statements.push({ text: text.slice(start, stepEnd(text, left, step.next, end)).trim(), steps, isBackground });
    [steps, when, from] = [[], "always", at];
  }
  return { kind: "commands", statements };
}

/** A part for the system's shell has no token, and ends where the next operator begins. */
function stepEnd(text: string, tokens: readonly Token[], next: number, end: number): number {
  const last = tokens[next - 1];
  const isProgram = last?.kind === "operator" && last.text === "|";
  return isProgram && tokens[next] === undefined ? text.length : end;
}

function readStep(
  text: string,
  tokens: readonly Token[],
  start: number,
  when: Step["when"],
): { readonly step: Step; readonly next: number } | LineFailure {
  const first = tokens[start];
  if (first?.kind === "system") return { step: { when, words: [], system: first.command }, next: start + 1 };
  const words: string[] = [];
  let sink: Sink | undefined;
  let at = start;
  for (; at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind === "word") {
      words.push(token.word);
      continue;
    }
    if (token?.kind !== "operator" || !["|", ">", ">>"].includes(token.text)) break;
    if (sink !== undefined) return { failure: "Output can go to one place only: leave one | or > out." };
    const next = tokens[at + 1];
    if (token.text === "|") {
      const command = text.slice(token.end, next?.start ?? text.length).trim();
      if (command === "") return { failure: "Behind | a command is missing." };
      sink = { kind: "program", command };
    } else {
      if (next?.kind !== "word") return { failure: `Behind ${token.text} a file is missing.` };
      sink = { kind: "file", path: next.word, appends: token.text === ">>" };
      at++;
    }
  }
  if (words.length === 0) {
    const token = tokens[at] ?? tokens[start];
    const before = token?.kind === "operator" ? token.text : "";
    return { failure: `Before ${before} a command is missing.` };
  }
  return { step: { when, words, ...(sink !== undefined && { sink }) }, next: at };
}
