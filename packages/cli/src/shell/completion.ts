import type { CommandFacts } from "../command-facts.ts";
import type { ListedName } from "./listing-cache.ts";
import { parseBeginning, type Beginning } from "./line.ts";
import type { WordKind } from "./shell-context.ts";
import { commandNamed, commandNames } from "./table.ts";
import { plainText, typedText, type QuoteStyle } from "./words.ts";

/** Where completion finds what there is. */
export interface CompletionSources {
  /** What an alias stands for. */
  aliasOf(name: string): string | undefined;
  readonly aliases: Iterable<string>;
  factsOf(command: string): Promise<CommandFacts>;
  /** What lies in the directory that a word names; the word is as `words.ts` has it. */
  list(where: "remote" | "local", directory: string): Promise<readonly ListedName[]>;
  settings(): Readonly<Record<string, readonly string[]>>;
  /** What `open` can be given. */
  servers(): Promise<readonly string[]>;
}

/** What a line may go on with, in place of its end `typed`: the form that Node's readline takes. */
export type Completion = readonly [candidates: readonly string[], typed: string];

const shownMax = 200;

/**
 * Completes the last word of the beginning of a line. Candidates are as they would be typed: quoted, and without any
 * character that a terminal acts on. Several are told as far as they have a beginning in common.
 */
export async function complete(text: string, sources: CompletionSources): Promise<Completion> {
  const beginning = parseBeginning(text);
  if (beginning === undefined) return [[], text];
  const wanted = await whatIsWanted(beginning, sources);
  if (wanted.kind === "paths") return completePath(beginning, wanted, sources);
  const start = plainText(beginning.word);
  const matching = wanted.words.filter((word) => word.startsWith(start)).map((name) => ({ name, end: " " }));
  return completionOf(matching, start, { typed: beginning.typed, style: "none" });
}

type Wanted =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "paths"; readonly where: "remote" | "local"; readonly onlyDirectories: boolean };

const nothing: Wanted = { kind: "words", words: [] };

async function whatIsWanted(beginning: Beginning, sources: CompletionSources): Promise<Wanted> {
  const { before, word, isSink } = beginning;
  if (isSink) return { kind: "paths", where: "local", onlyDirectories: false };
  const [first, ...given] = before;
  if (first === undefined) return { kind: "words", words: [...commandNames(), ...sources.aliases].toSorted() };
  const meant = sources.aliasOf(first)?.split(/\s+/)[0] ?? plainText(first);
  const found = commandNamed(meant);
  if (found === undefined) return nothing;
  const { name, command } = found;
  const facts = await sources.factsOf(name);
  if (facts.below.length > 0) {
    if (given.length === 0) return { kind: "words", words: facts.below.map((one) => one.name) };
    // What is put into the queue is a command again.
    return name === "queue" && given[0] === "add"
      ? whatIsWanted({ ...beginning, before: given.slice(1) }, sources)
      : nothing;
  }
  const flagBefore = facts.flags.find((flag) => flag.placeholder !== undefined && isCalled(flag, given.at(-1)));
  if (flagBefore !== undefined) {
    const kind = command.flags?.[flagBefore.name];
    return kind === undefined ? { kind: "words", words: flagBefore.choices } : wantedOf(kind, given, sources);
  }
  if (word.startsWith("-")) return { kind: "words", words: facts.flags.map((flag) => flag.name) };
  const isTurned = command.turnedBy?.some((flag) => given.includes(flag)) === true;
  const kinds = isTurned ? command.words.toReversed() : command.words;
  const at = positionsBefore(given, facts);
  return wantedOf(kinds[Math.min(at, kinds.length - 1)] ?? "nothing", given, sources);
}

function isCalled({ name, letters }: CommandFacts["flags"][number], word: string | undefined): boolean {
  return word !== undefined && (word === name || letters.includes(word));
}

/** How many words are no flags and no values of flags. */
function positionsBefore(given: readonly string[], { flags }: CommandFacts): number {
  const isValue = (at: number): boolean =>
    flags.some((flag) => flag.placeholder !== undefined && isCalled(flag, given[at - 1]));
  return given.filter((word, at) => !word.startsWith("-") && !isValue(at)).length;
}

async function wantedOf(kind: WordKind, given: readonly string[], sources: CompletionSources): Promise<Wanted> {
  switch (kind) {
    case "remote":
    case "local":
      return { kind: "paths", where: kind, onlyDirectories: false };
    case "remote-directory":
      return { kind: "paths", where: "remote", onlyDirectories: true };
    case "local-directory":
      return { kind: "paths", where: "local", onlyDirectories: true };
    case "command":
      return { kind: "words", words: commandNames() };
    case "setting":
      return { kind: "words", words: Object.keys(sources.settings()) };
    case "value":
      return { kind: "words", words: sources.settings()[given.at(-1) ?? ""] ?? [] };
    case "server":
      return { kind: "words", words: await sources.servers() };
    case "nothing":
      return nothing;
  }
}

async function completePath(
  { word, typed, style }: Beginning,
  { where, onlyDirectories }: Extract<Wanted, { kind: "paths" }>,
  sources: CompletionSources,
): Promise<Completion> {
  const slash = word.lastIndexOf("/");
  const directory = word.slice(0, slash + 1);
  const start = plainText(word.slice(slash + 1));
  const names = await sources.list(where, directory);
  const matching = names
    .filter(({ name, isDirectory, leadsOn }) => {
      const isHidden = name.startsWith(".") && !start.startsWith(".");
      return !isHidden && name.startsWith(start) && isTypeable(name) && (isDirectory || leadsOn || !onlyDirectories);
    })
    .map(({ name, isDirectory }) => ({
      // What begins with a dash would be a flag.
      name: directory === "" && name.startsWith("-") ? `./${name}` : name,
      end: isDirectory ? "/" : " ",
    }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  if (matching.some(({ name }) => typedText(name, style) === undefined)) {
    // Single quotes cannot hold it: the whole word is typed anew.
    const whole = matching.map(({ name, end }) => ({ name: plainText(directory) + name, end }));
    return completionOf(whole, plainText(word), { typed, style: "none" });
  }
  const tail = typed.slice(typed.lastIndexOf("/") + 1);
  const isQuoteThere = style !== "none" && slash < 0;
  return completionOf(matching, start, { typed: isQuoteThere ? tail.slice(1) : tail, style });
}

/** Names that no path can have, or no command line, are not offered. */
function isTypeable(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what no command line carries
  return name !== "" && name !== "." && name !== ".." && !/[/\r\n\0]/.test(name);
}

interface Candidate {
  readonly name: string;
  /** What stands behind it where it is the only one. */
  readonly end: string;
}

function completionOf(
  candidates: readonly Candidate[],
  start: string,
  { typed, style }: { readonly typed: string; readonly style: QuoteStyle },
): Completion {
  const [only] = candidates;
  if (only === undefined) return [[], typed];
  const asTyped = (text: string): string => typedText(text, style) ?? text;
  if (candidates.length === 1) {
    const quote = style !== "none" && only.end === " " ? style : "";
    return [[asTyped(only.name) + quote + only.end], typed];
  }
  const common = commonBeginning(candidates.map(({ name }) => name));
  if (common.length > start.length) return [[asTyped(common)], typed];
  const shown = candidates.slice(0, shownMax).map(({ name, end }) => asTyped(name) + end.trim());
  const more = candidates.length > shownMax ? [`(${candidates.length - shownMax} more)`] : [];
  // What is typed must not be taken for the beginning of escapes that differ in meaning.
  const isMisleading = commonBeginning(shown) !== typed;
  return [[...shown, ...more, ...(isMisleading && more.length === 0 ? [" "] : [])], typed];
}

/** The longest beginning of all texts that parts no character. */
function commonBeginning(texts: readonly string[]): string {
  const [first = "", ...others] = texts;
  let length = others.reduce((least, text) => {
    let at = 0;
    while (at < least && text[at] === first[at]) at++;
    return at;
  }, first.length);
  if (/[\uD800-\uDBFF]/.test(first[length - 1] ?? "")) length--;
  return first.slice(0, length);
}
