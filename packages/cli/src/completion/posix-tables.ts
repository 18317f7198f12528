import type { CommandFacts, FlagFacts } from "../command-facts.ts";

/** What stands behind a flag, or in place of a word, as far as a shell can complete it. */
export type Completable =
  | { readonly kind: "files" | "directories" | "nothing" }
  | { readonly kind: "choices"; readonly choices: readonly string[] };

/** What may stand behind a flag; undefined for a switch. */
export function completableOf({ placeholder, choices }: FlagFacts): Completable | undefined {
  if (placeholder === undefined) return undefined;
  return choices.length > 0 ? { kind: "choices", choices } : { kind: kindOf(placeholder) };
}

/** What may stand where a command takes words. */
export function completableWord({ arguments: given }: CommandFacts): Completable {
  const [argument] = given;
  return { kind: argument === undefined ? "nothing" : kindOf(argument.placeholder) };
}

/** All spellings of a command's flags, with what each means. */
function flagSpellings({ flags }: CommandFacts): readonly (readonly [name: string, brief: string])[] {
  return [
    ...flags.flatMap(({ name, brief, isNegatable }) => [
      [name, brief] as const,
      ...(isNegatable ? [[`--no-${name.slice(2)}`, brief] as const] : []),
    ]),
    ["--help", "Print help and exit"] as const,
  ];
}

/**
 * Functions for bash and zsh that print what there is, a line each: `_sallyport_commands PATH`, `_sallyport_flags PATH`,
 * `_sallyport_values PATH FLAG` (@files, @directories, @nothing or choices; nothing for a switch) and
 * `_sallyport_words PATH`. With `briefs` a colon and what it means stand behind commands and flags.
 */
export function posixTables(commands: readonly CommandFacts[], { briefs }: { readonly briefs: boolean }): string {
  const line = (name: string, brief: string): string =>
    quoted(briefs ? `${name.replaceAll(":", String.raw`\:`)}:${brief}` : name);
  const pathOf = ({ words }: CommandFacts): string => quoted(words.join(" "));
  const printing = (values: readonly string[]): string => `printf '%s\\n' ${values.join(" ")}`;
  return [
    caseFunction("commands", '"$1"', [
      ...commands
        .filter(({ below }) => below.length > 0)
        .map(
          (command) => [pathOf(command), printing(command.below.map(({ name, brief }) => line(name, brief)))] as const,
        ),
    ]),
    caseFunction("flags", '"$1"', [
      ...commands.map(
        (command) =>
          [pathOf(command), printing(flagSpellings(command).map(([name, brief]) => line(name, brief)))] as const,
      ),
    ]),
    caseFunction("values", '"$1 $2"', [
      ...commands.flatMap((command) =>
        command.flags.flatMap((flag) => {
          const completable = completableOf(flag);
          const key = quoted(`${command.words.join(" ")} ${flag.name}`);
          return completable === undefined ? [] : [[key, printing(valuesOf(completable).map(quoted))] as const];
        }),
      ),
    ]),
    caseFunction("words", '"$1"', [
      ...commands
        .filter(({ below }) => below.length === 0)
        .map((command) => [pathOf(command), printing(valuesOf(completableWord(command)).map(quoted))] as const),
    ]),
  ].join("\n");
}

function valuesOf(completable: Completable): readonly string[] {
  return completable.kind === "choices" ? completable.choices : [`@${completable.kind}`];
}

/** A placeholder that names a file or a directory. */
function kindOf(placeholder: string): "files" | "directories" | "nothing" {
  if (/^(?:DIR|DIRECTORY)\b/.test(placeholder)) return "directories";
  return /^(?:FILE|PATH)\b/.test(placeholder) ? "files" : "nothing";
}

/** Cases that print the same stand together. */
function caseFunction(
  name: string,
  subject: string,
  cases: readonly (readonly [pattern: string, action: string])[],
): string {
  const byAction = Map.groupBy(cases, ([, action]) => action);
  const rows = [...byAction].map(
    ([action, members]) => `    ${members.map(([pattern]) => pattern).join("|")}) ${action} ;;`,
  );
  return `_sallyport_${name}() {\n  case ${subject} in\n${rows.join("\n")}\n  esac\n}`;
}

/** A word as a shell takes it, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
