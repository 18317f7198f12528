import { readdir } from "node:fs/promises";
import { octetsFromText, ConfigError, UsageError } from "@sallyport/protocol";
import { buildCommand, type Command } from "@stricli/core";
import { expandPattern, literalPattern, type ListedName } from "../client/remote-glob.ts";
import type { CommandTarget } from "../command-target.ts";
import { parseText } from "../flags.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { connectionFlags } from "./connection-flags.ts";
import { localWord, pathUrl, patternUrl, type Place } from "./place.ts";
import { localPath } from "./places.ts";
import type { ShellContext } from "./shell-context.ts";
import { patternText, plainText } from "./words.ts";

/** What a command gets when its words are turned into what the one-shot command takes. */
export interface Arranged {
  readonly words: readonly string[];
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** What the shell says anew about a one-shot command. */
export interface Adaptation {
  readonly brief: string;
  readonly placeholder: string;
  readonly wordsBrief: string;
  readonly minimum: number;
  /** Flags besides those of the one-shot command. */
  readonly flags?: Readonly<Record<string, object>>;
  readonly aliases?: Readonly<Record<string, string>>;
  /** Flags that have no sense here. */
  readonly without?: readonly string[];
  arrange(
    words: readonly string[],
    flags: Readonly<Record<string, unknown>>,
    place: Place,
  ): Arranged | Promise<Arranged>;
}

/**
 * The command of the shell that does what a one-shot command does, by the same function: paths are turned into URLs of
 * the server that is open, which the function finds connected.
 */
export function adapted(target: CommandTarget, adaptation: Adaptation): Command<ShellContext> {
  if (!("parameters" in target)) throw new TypeError("a group of commands has no words of its own");
  const { brief, placeholder, wordsBrief, minimum, arrange, without = [] } = adaptation;
  const { flags = {}, aliases = {} } = target.parameters as OneShotParameters;
  const own = Object.entries(flags).filter(([name]) => !connectionFlags.has(name) && !without.includes(name));
  const shown = {
    ...Object.fromEntries(own.map(([name, flag]) => [name, readingPlainText(flag)])),
    ...adaptation.flags,
  };
  const ownAliases = Object.entries({ ...aliases, ...adaptation.aliases }).filter(([, name]) => name in shown);
  return buildCommand({
    docs: { brief },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the one-shot command says, as it is at run time
    parameters: {
      positional: { kind: "array", minimum, parameter: { brief: wordsBrief, placeholder, parse: parseText } },
      flags: shown,
      aliases: Object.fromEntries(ownAliases),
    } as never,
    async func(this: ShellContext, given: Readonly<Record<string, unknown>>, ...words: string[]) {
      const arranged = await arrange(words, given, this.job.place);
      const said = Object.entries({ ...given, ...arranged.flags }).filter(([, value]) => value !== undefined);
      const called = { ...this.shell.commandFlags, ...Object.fromEntries(said) };
      const loaded = await target.loader();
      const run = typeof loaded === "function" ? loaded : loaded.default;
      await run.call(this, called, ...arranged.words);
    },
  });
}

interface OneShotParameters {
  readonly flags?: Readonly<Record<string, OneShotFlag>>;
  readonly aliases?: Readonly<Record<string, string>>;
}

interface OneShotFlag {
  readonly parse?: (text: string) => unknown;
}

/** Values of flags are no patterns: quotes have no meaning of their own in them. */
function readingPlainText(flag: OneShotFlag): OneShotFlag {
  const { parse } = flag;
  return parse === undefined ? flag : { ...flag, parse: (text) => parse(plainText(text)) };
}

const patterns = "Paths on the server; * ? and [a-z] match within one name";

/** Commands whose words all are patterns; without any, the directory where one is. */
function ofPatterns(brief: string, minimum: 0 | 1 = 1): Adaptation {
  return {
    brief,
    placeholder: "PATH",
    wordsBrief: minimum === 0 ? `${patterns} (default: the directory where you are)` : patterns,
    minimum,
    arrange: (words, _flags, place) => ({
      words: (words.length === 0 ? ["."] : words).map((word) => patternUrl(word, place)),
    }),
  };
}

export const adaptations = {
  ls: ofPatterns("List directories", 0),
  tree: ofPatterns("Draw directories as a tree", 0),
  stat: ofPatterns("Tell what the server knows of files and directories"),
  cat: ofPatterns("Write files to the terminal, to a file (>) or into a program (|)"),
  hash: ofPatterns("Compute checksums of files"),
  rm: ofPatterns("Remove files and empty directories, with -r all that is in them"),
  mkdir: {
    ...ofPatterns("Make directories, with -p those above, too"),
    wordsBrief: "Paths on the server",
    arrange: (words, _flags, place) => ({ words: words.map((word) => pathUrl(word, place)) }),
  },
  mv: {
    ...ofPatterns("Move and rename files"),
    placeholder: "PATH… TARGET",
    wordsBrief: "What is moved, and last where to",
    minimum: 2,
    arrange: (words, _flags, place) => ({
      words: words.map((word, at) => (at === words.length - 1 ? pathUrl(word, place) : patternUrl(word, place))),
    }),
  },
  chmod: {
    ...ofPatterns("Set permissions"),
    placeholder: "MODE PATH",
    wordsBrief: "Permission bits in octal, then paths on the server",
    minimum: 2,
    arrange: ([mode = "", ...words], _flags, place) => ({
      words: [plainText(mode), ...words.map((word) => patternUrl(word, place))],
    }),
  },
  raw: {
    ...ofPatterns("Send a command line to the server and show the reply"),
    placeholder: "WORD",
    wordsBrief: "The words of the command",
    arrange: (words, _flags, place) => ({ words: [pathUrl(".", place), ...words.map((word) => plainText(word))] }),
  },
  get: {
    ...ofPatterns("Download files, with -r directories"),
    arrange: (words, { output }, place) => ({
      words: words.map((word) => patternUrl(word, place)),
      flags: { output: localWord(typeof output === "string" ? output : "./", place) },
    }),
  },
  put: {
    brief: "Upload files, with -r directories",
    placeholder: "FILE",
    wordsBrief: "Local files; * ? and [a-z] match within one name",
    minimum: 1,
    flags: {
      output: {
        kind: "parsed",
        parse: parseText,
        brief: "File or directory on the server to put into (default: the directory where you are)",
        placeholder: "PATH",
        optional: true,
      },
    },
    aliases: { o: "output" },
    arrange: async (words, { output }, place) => ({
      words: [
        ...(await Promise.all(words.map((word) => localFiles(word, place)))).flat(),
        pathUrl(typeof output === "string" ? output : "./", place),
      ],
    }),
  },
  fxp: {
    brief: "Copy files to another server, or from there",
    placeholder: "FROM TO",
    wordsBrief: "A path on the server and a URL or @BOOKMARK, or the reverse",
    minimum: 2,
    arrange([from = "", to = "", ...others], _flags, place) {
      if (others.length > 0) throw new UsageError("SALLYPORT_USAGE_WORDS", "fxp takes two places.");
      const isNamed = (word: string): boolean => word.startsWith("@");
      return {
        words: [
          isNamed(from) ? plainText(from) : patternUrl(from, place),
          isNamed(to) ? plainText(to) : pathUrl(to, place),
        ],
      };
    },
  },
  mirror: {
    brief: "Make a local directory like one of the server, with -R the reverse",
    placeholder: "FROM TO",
    wordsBrief: "Where from and where to (default: the directories where you are)",
    minimum: 0,
    flags: { reverse: { kind: "boolean", brief: "Upload: FROM is local", optional: true, withNegated: false } },
    aliases: { R: "reverse" },
    arrange([from = ".", to = ".", ...others], { reverse }, place) {
      if (others.length > 0) throw new UsageError("SALLYPORT_USAGE_WORDS", "mirror takes two directories at most.");
      return {
        words:
          reverse === true
            ? [localWord(from, place), pathUrl(to, place)]
            : [pathUrl(from, place), localWord(to, place)],
      };
    },
  },
} as const satisfies Record<string, Adaptation>;

/** The local files that a word stands for. */
async function localFiles(word: string, place: Place): Promise<readonly string[]> {
  if (word === "-") {
    throw new UsageError("SALLYPORT_USAGE_DIRECTORY", "What is typed here are commands: put takes files in the shell.");
  }
  const found = await expandPattern(localPath(patternText(word), literalPattern(place.localDirectory)), listLocal);
  if (found.length > 0) return found;
  throw new ConfigError("SALLYPORT_NOT_FOUND", `Nothing here matches ${quotedName(plainText(word))}`);
}

/** As other shells have it, names that begin with a dot are matched by patterns that do. */
async function* listLocal(directory: string, pattern: string): AsyncGenerator<ListedName> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith(".") && !pattern.startsWith(".")) continue;
    const type = entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "link" : "file";
    yield { name, nameOctets: octetsFromText(name), type };
  }
}
