import type { Command, RouteMap } from "@stricli/core";

/** A flag as help, completion and the reference tell it. */
export interface FlagFacts {
  /** With its dashes. */
  readonly name: string;
  readonly letters: readonly string[];
  /** What stands behind the flag, in capitals or as its choices; absent for a switch. */
  readonly placeholder?: string;
  readonly choices: readonly string[];
  /** Also known as `--no-…`. */
  readonly isNegatable: boolean;
  readonly isRepeatable: boolean;
  readonly brief: string;
  /** The default, where the brief does not tell it. */
  readonly default?: string;
  /** The heading it stands under in the help. */
  readonly group: string;
}

/** A word of a command that is no flag. */
export interface ArgumentFacts {
  readonly placeholder: string;
  readonly brief: string;
  readonly isOptional: boolean;
  readonly isRepeatable: boolean;
  readonly default?: string;
}

/** A command, or with `below` a group of commands. */
export interface CommandFacts {
  readonly words: readonly string[];
  readonly brief: string;
  /** Paragraphs; lines that begin with a space stand as they are. */
  readonly description: string;
  readonly arguments: readonly ArgumentFacts[];
  readonly flags: readonly FlagFacts[];
  readonly below: readonly { readonly name: string; readonly brief: string }[];
}

const flagGroup = Symbol("flagGroup");

/** The heading of flags that are a command's own. */
export const ownFlags = "FLAGS";

/** The same flags, shown by the help under a heading of their own. */
export function underHeading<Flags extends Readonly<Record<string, object>>>(heading: string, flags: Flags): Flags {
  const marked = Object.entries(flags).map(([name, flag]) => [name, { ...flag, [flagGroup]: heading }]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a symbol more changes no flag
  return Object.fromEntries(marked) as Flags;
}

/** Longest list of choices that stands behind a flag itself. */
const inlineChoicesCount = 32;

/** Reads what a command says about itself. */
export function commandFacts(words: readonly string[], target: Command<never> | RouteMap<never>): CommandFacts {
  const description = target.fullDescription ?? target.brief;
  const base = { words, brief: target.brief, description };
  if (!("parameters" in target)) {
    const below = target
      .getAllEntries()
      .filter(({ hidden }) => !hidden)
      .map((entry) => ({ name: entry.name["convert-camel-to-kebab"], brief: entry.target.brief }));
    return { ...base, arguments: [], flags: [], below };
  }
  const { flags = {}, aliases = {}, positional } = target.parameters;
  const described: Readonly<Record<string, DescribedFlag>> = flags;
  const shown = Object.entries(described).filter(([, flag]) => flag.hidden !== true);
  const letters = Object.entries(aliases);
  return {
    ...base,
    arguments: argumentsOf(positional),
    flags: shown.map(([name, flag]) =>
      flagFacts(
        name,
        flag,
        letters.filter(([, flagName]) => flagName === name).map(([letter]) => letter),
      ),
    ),
    below: [],
  };
}

/** What the kinds of stricli's flags have in common, as far as it is told. */
interface DescribedFlag {
  readonly kind: "boolean" | "counter" | "enum" | "parsed";
  readonly brief: string;
  readonly placeholder?: string;
  readonly hidden?: boolean;
  readonly withNegated?: boolean;
  readonly variadic?: boolean | string;
  readonly values?: readonly string[];
  readonly default?: unknown;
  readonly [flagGroup]?: string;
}

interface DescribedArgument {
  readonly brief: string;
  readonly placeholder?: string;
  readonly optional?: boolean;
  readonly default?: string;
}

type DescribedArguments =
  | { readonly kind: "array"; readonly parameter: DescribedArgument; readonly minimum?: number }
  | { readonly kind: "tuple"; readonly parameters: readonly DescribedArgument[] };

function argumentsOf(positional: DescribedArguments | undefined): readonly ArgumentFacts[] {
  if (positional === undefined) return [];
  const isArray = positional.kind === "array";
  const described = isArray ? [positional.parameter] : positional.parameters;
  return described.map(({ placeholder = "WORD", brief, optional = false, default: usual }) => ({
    placeholder,
    brief,
    isOptional: isArray ? (positional.minimum ?? 0) === 0 : optional,
    isRepeatable: isArray,
    ...(usual !== undefined && { default: usual }),
  }));
}

function flagFacts(name: string, flag: DescribedFlag, letters: readonly string[]): FlagFacts {
  const { kind, brief, withNegated, variadic, values: choices = [] } = flag;
  const isSwitch = kind === "boolean" || kind === "counter";
  const separator = typeof variadic === "string" ? variadic : undefined;
  const placeholder = placeholderOf(flag, choices) + (separator === undefined ? "" : `${separator}…`);
  const usual = defaultText(flag.default);
  return {
    name: `--${kebab(name)}`,
    letters: letters.map((letter) => `-${letter}`),
    ...(!isSwitch && { placeholder }),
    choices,
    isNegatable: kind === "boolean" && flag.default !== false && withNegated !== false,
    isRepeatable: variadic === true,
    brief,
    ...(usual !== undefined && { default: usual }),
    group: flag[flagGroup] ?? ownFlags,
  };
}

function placeholderOf({ placeholder }: DescribedFlag, choices: readonly string[]): string {
  const joined = choices.join("|");
  return placeholder ?? (joined !== "" && joined.length <= inlineChoicesCount ? joined : "VALUE");
}

function defaultText(usual: unknown): string | undefined {
  const isTold = typeof usual === "string" || typeof usual === "number";
  return isTold ? String(usual) : undefined;
}

/** The name of a flag as it is typed. */
export function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
