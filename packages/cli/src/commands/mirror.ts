import { buildCommand, type CommandContext } from "@stricli/core";
import { clientFlags } from "../client-flags.ts";
import { underHeading } from "../command-facts.ts";
import { parseCount, parseText, switchFlag } from "../flags.ts";
import { parseSize } from "../account-flags.ts";
import { parseMoment } from "../moment.ts";
import { parseSeconds } from "../explain-flags.ts";
import type { Compared, MirrorFlags } from "../client/mirror.ts";

const filterFlags = underHeading("WHICH FILES", {
  include: patternFlag("Mirror only files that match", "GLOB"),
  exclude: patternFlag(
    "Leave out what matches, with all that is in it, on both sides; stronger than --include",
    "GLOB",
  ),
  includeRegex: patternFlag("As --include; looked for anywhere in the path", "REGEX"),
  excludeRegex: patternFlag("As --exclude; looked for anywhere in the path, / behind directories", "REGEX"),
  ignoreCase: switchFlag("Patterns match upper and lower case alike"),
  minSize: boundFlag("Leave out smaller files", parseSize, "SIZE"),
  maxSize: boundFlag("Leave out larger files, as in 500M", parseSize, "SIZE"),
  newerThan: boundFlag("Leave out files changed before: an age as in 7d or 12h, or a day", parseMoment, "WHEN"),
  olderThan: boundFlag("Leave out files changed since then", parseMoment, "WHEN"),
  links: {
    kind: "enum",
    values: ["skip", "recreate", "follow"],
    brief: "Symbolic links: left out; made again, in downloads; or what they lead to, in uploads",
    default: "skip",
  },
  emptyDirectories: {
    kind: "boolean",
    brief: "Make directories into which nothing comes, too",
    default: true,
  },
} as const);

const compareFlags = underHeading("WHAT COUNTS AS CHANGED", {
  compare: {
    kind: "parsed",
    parse: parseCompared,
    brief: "What is compared; hash asks the server for checksums where size and time leave a doubt",
    placeholder: "size,time,hash",
    default: "size,time",
  },
  timeRule: {
    kind: "enum",
    values: ["newer", "differ"],
    brief: "Which times count: a later one of the source, or any other",
    default: "newer",
  },
  timeWindow: {
    kind: "parsed",
    parse: parseSeconds,
    brief: "Times that are so far apart count as equal",
    placeholder: "SECONDS",
    optional: true,
  },
  keepNewer: switchFlag("Leave alone what is newer in the target"),
  preserveTimes: { kind: "boolean", brief: "Keep the times of change", default: true },
} as const);

const deleteFlags = underHeading("DELETING", {
  delete: switchFlag("Delete what the source has not"),
  deleteBefore: switchFlag("With --delete: before anything is transferred, where space is scarce"),
  maxDelete: {
    kind: "parsed",
    parse: parseCount,
    brief: "With --delete: delete nothing at all if it were more",
    placeholder: "N",
    optional: true,
  },
  emptySource: switchFlag("With --delete: let an empty source empty the target"),
  replaceKind: switchFlag("Delete a file where a directory has to be, and the reverse"),
} as const);

export const mirrorCommand = buildCommand({
  docs: {
    brief: "Make a directory here like one on a server, or the reverse",
    fullDescription: [
      "Transfers what is new or changed from the first place to the second; one is a URL and the other a local directory.",
      "Files get their names when they are whole. Nothing is deleted without --delete, and not when a directory of the source",
      "could not be read, or anything failed. A mirror that was interrupted, in whatever way, goes on where it was.",
      "",
      "  sallyport mirror ftpes://alice@ftp.example.org/pub ./pub --parallel 8",
      "  sallyport mirror ./site ftpes://alice@ftp.example.org/www --delete --dry-run",
      "  sallyport mirror ftps://ftp.example.org/logs ./logs --include '*.gz' --exclude 'old/'",
      "",
      "Globs are those of rsync: * within a name, ** across directories, / in front for the top, / behind for directories.",
      "",
      "--json writes one object a line for each step: action (make-directory, transfer, replace, compare-hash, set-times,",
      "make-link, delete, skip, conflict), path, reason, size, modified, precisionMs, entry, linkTarget, replaces, and outcome",
      "(done, planned, same, left, failed, untried), bytes, resumedFrom, durationMs; for each failure one with error: code,",
      "message, exitCode; and at the end summary: files, bytes, directories, deleted, left, failed, durationMs, dryRun.",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Where from: a URL or a local directory", placeholder: "FROM", parse: parseText },
        { brief: "Where to: the other of the two", placeholder: "TO", parse: parseText },
      ],
    },
    flags: {
      dryRun: switchFlag("Show what would be done and do nothing"),
      parallel: {
        kind: "parsed",
        parse: parseCount,
        brief: "Files at a time, each on a connection of its own",
        placeholder: "N",
        default: "4",
      },
      resume: { kind: "boolean", brief: "Keep a journal, and go on with what an earlier run began", default: true },
      ...deleteFlags,
      ...compareFlags,
      ...filterFlags,
      ...clientFlags,
    },
    aliases: { n: "dryRun" },
  },
  async func(this: CommandContext, flags: MirrorFlags, from: string, to: string) {
    const { mirror } = await import("../client/mirror.ts");
    await mirror(this, flags, from, to);
  },
});

function patternFlag<Placeholder extends string>(brief: string, placeholder: Placeholder) {
  return { kind: "parsed", parse: parseText, brief, placeholder, optional: true, variadic: true } as const;
}

function boundFlag<Bound, Placeholder extends string>(
  brief: string,
  parse: (text: string) => Bound,
  placeholder: Placeholder,
) {
  return { kind: "parsed", parse: (text: string) => parse(text), brief, placeholder, optional: true } as const;
}

function parseCompared(text: string): readonly Compared[] {
  const known: readonly Compared[] = ["size", "time", "hash"];
  const words = text.split(",");
  const found = known.filter((name) => words.includes(name));
  if (found.length !== words.length) throw new Error("one or more of size, time and hash, with commas between");
  return found;
}
