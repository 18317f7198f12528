import { argumentGrammars, type Parsed, type RawArgument } from "./arguments.ts";
import type { Octets } from "./octets.ts";
import { type ArgumentOf, type Verb, verbAliases, verbs } from "./verbs.ts";

/** A command line cut in two at its first space; what follows that one space belongs to the argument (R-959-03). */
export interface CommandLine {
  /** In upper case, aliases resolved; not necessarily a verb that exists. */
  readonly verb: string;
  readonly argument: RawArgument;
}

export function parseCommandLine(line: Octets): CommandLine {
  const space = line.indexOf(" ");
  const word = (space < 0 ? line : line.slice(0, space)).toUpperCase();
  return {
    verb: Object.hasOwn(verbAliases, word) ? (verbAliases[word] as string) : word,
    argument: space < 0 ? undefined : (line.slice(space + 1) as Octets),
  };
}

/** A verb together with the value of its argument. */
export interface CommandOf<V extends Verb> {
  readonly verb: V;
  readonly argument: ArgumentOf<V>;
}

export type Command = { [V in Verb]: CommandOf<V> }[Verb];

/** Applies the grammar of the verb's row. */
export function parseArgument<V extends Verb>(verb: V, raw: RawArgument): Parsed<CommandOf<V>> {
  const grammar: (argument: RawArgument) => Parsed<unknown> = argumentGrammars[verbs[verb].argument];
  const result = grammar(raw);
  return result.ok ? { ok: true, value: { verb, argument: result.value as ArgumentOf<V> } } : result;
}
