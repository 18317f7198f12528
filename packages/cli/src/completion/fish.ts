import type { CommandFacts, FlagFacts } from "../command-facts.ts";
import { completableOf, completableWord, type Completable } from "./posix-tables.ts";

/** Completion for fish 3 and later. */
export function fishCompletion(commands: readonly CommandFacts[]): string {
  return [
    "# Completion of sallyport for fish: sallyport completion fish | source",
    "function __sallyport_below",
    "  set -l words (commandline -opc)[2..]",
    "  set -l depth (count $argv)",
    '  test (count $words) -ge $depth; and test "$words[1..$depth]" = "$argv"',
    "end",
    "function __sallyport_at",
    "  set -l words (commandline -opc)[2..]",
    '  test "$words" = "$argv"',
    "end",
    "complete -c sallyport -f",
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

function commandLines(command: CommandFacts): readonly string[] {
  const path = command.words.join(" ");
  const below = path === "" ? "" : ` -n ${quoted(`__sallyport_below ${path}`)}`;
  const at = ` -n ${quoted(path === "" ? "__sallyport_at" : `__sallyport_at ${path}`)}`;
  const commandsBelow = command.below.map(
    ({ name, brief }) => `complete -c sallyport${at} -a ${name} -d ${quoted(brief)}`,
  );
  if (command.below.length > 0) return commandsBelow;
  const word = candidates(completableWord(command));
  return [
    ...(word === "-f" ? [] : [`complete -c sallyport${below} ${word}`]),
    ...command.flags.flatMap((flag) => flagLines(flag).map((line) => `complete -c sallyport${below} ${line}`)),
  ];
}

function flagLines(flag: FlagFacts): readonly string[] {
  const { name, letters, brief, isNegatable } = flag;
  const completable = completableOf(flag);
  const value = completable === undefined ? "" : ` -r ${candidates(completable)}`;
  const short = letters.map((letter) => ` -s ${letter.slice(1)}`).join("");
  const plain = `-l ${name.slice(2)}${short}${value} -d ${quoted(brief)}`;
  return isNegatable ? [plain, `-l no-${name.slice(2)} -d ${quoted(brief)}`] : [plain];
}

function candidates(completable: Completable): string {
  if (completable.kind === "choices") return `-f -a ${quoted(completable.choices.join(" "))}`;
  if (completable.kind === "files") return "-F";
  return completable.kind === "directories" ? "-f -a '(__fish_complete_directories)'" : "-f";
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
