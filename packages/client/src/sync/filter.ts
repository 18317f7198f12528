import { limits } from "@sallyport/protocol";
import { compilePathPattern } from "./glob.ts";
import { type TreeEntry, ancestorsOf } from "./tree.ts";

/**
 * One rule. A `glob` is read as `compilePathPattern` says. A `regex` is looked for anywhere in the path, directories
 * with `/` at their end, as lftp has it; how long it takes is up to whoever wrote it.
 */
export type FilterRule =
  | { readonly action: "include" | "exclude"; readonly glob: string }
  | { readonly action: "include" | "exclude"; readonly regex: string | RegExp };

export interface FilterOptions {
  /** The first rule that matches decides. */
  readonly rules?: readonly FilterRule[];
  /** Whether `A` and `a` differ in rules; default true. */
  readonly matchCase?: boolean;
  /** Bounds on files; files of unknown size pass. */
  readonly sizeMinBytes?: number;
  readonly sizeMaxBytes?: number;
  /** Bounds on the time of change; files for which it is not known exactly enough to say pass. */
  readonly modifiedAfterMs?: number;
  readonly modifiedBeforeMs?: number;
}

/** Selects entries of a tree. */
export interface EntryFilter {
  /** Whether the rules admit the path and every directory above it; what they do not admit is neither read nor deleted. */
  admitsPath(path: string, isDirectory: boolean): boolean;
  /** Whether the bounds on size and time admit a file. */
  admitsFacts(entry: TreeEntry): boolean;
}

/** Why there is no filter: which rule is wrong, in a sentence. */
export interface FilterFailure {
  readonly failure: string;
}

/** Tells a failure from a filter. */
export function isFilterFailure(result: EntryFilter | FilterFailure): result is FilterFailure {
  return "failure" in result;
}

/**
 * Compiles a filter. The first rule that matches an entry decides, as in rsync; an excluded directory excludes all that
 * is in it. Entries without a matching rule are included, unless there are only `include` rules: then nobody would need
 * them if all the rest came along, and other files (not directories) are excluded, as in lftp.
 */
export function compileFilter(options: FilterOptions = {}): EntryFilter | FilterFailure {
  const rules = options.rules ?? [];
  if (rules.length > limits.filterRulesCount.value) return { failure: "There are too many rules." };
  const matchers: RuleMatcher[] = [];
  for (const [at, rule] of rules.entries()) {
    const matcher = compileRule(rule, options.matchCase ?? true);
    if ("failure" in matcher) return { failure: `Rule ${at + 1}: ${matcher.failure}` };
    matchers.push(matcher);
  }
  const includesOnly = rules.length > 0 && rules.every((rule) => rule.action === "include");
  const admitsOne = (path: string, isDirectory: boolean): boolean => {
    const decided = matchers.find((matcher) => matcher.matches(path, isDirectory));
    return decided === undefined ? !includesOnly || isDirectory : decided.includes;
  };
  const admitsDirectory = remembering((path) => admitsOne(path, true));
  return {
    admitsPath: (path, isDirectory) =>
      rules.length === 0 ||
      (ancestorsOf(path).every(admitsDirectory) && (isDirectory ? admitsDirectory(path) : admitsOne(path, false))),
    admitsFacts: (entry) => withinSize(entry, options) && withinTime(entry, options),
  };
}

interface RuleMatcher {
  readonly includes: boolean;
  matches(path: string, isDirectory: boolean): boolean;
}

function compileRule(rule: FilterRule, matchCase: boolean): RuleMatcher | FilterFailure {
  const includes = rule.action === "include";
  if ("glob" in rule) {
    const pattern = compilePathPattern(rule.glob, matchCase);
    return "failure" in pattern ? pattern : { includes, matches: pattern.matches };
  }
  try {
    const given = typeof rule.regex === "string" ? { source: rule.regex, flags: "u" } : rule.regex;
    // g and y would make one test depend on the one before.
    const flags = new Set(given.flags.replaceAll(/[gy]/g, "") + (matchCase ? "" : "i"));
    const regex = new RegExp(given.source, [...flags].join(""));
    return { includes, matches: (path, isDirectory) => regex.test(isDirectory ? `${path}/` : path) };
  } catch {
    return { failure: "The regular expression is malformed." };
  }
}

/** Directories are asked about once for each entry below them. */
function remembering(admits: (path: string) => boolean): (path: string) => boolean {
  const answers = new Map<string, boolean>();
  return (path) => {
    const known = answers.get(path);
    if (known !== undefined) return known;
    const answer = admits(path);
    if (answers.size >= rememberedMax) answers.clear();
    answers.set(path, answer);
    return answer;
  };
}

const rememberedMax = 16_384;

function withinSize({ sizeBytes }: TreeEntry, { sizeMinBytes, sizeMaxBytes }: FilterOptions): boolean {
  if (sizeBytes === undefined) return true;
  return (
    (sizeMinBytes === undefined || sizeBytes >= sizeMinBytes) &&
    (sizeMaxBytes === undefined || sizeBytes <= sizeMaxBytes)
  );
}

/** Only what certainly lies outside is refused. */
function withinTime({ modified }: TreeEntry, { modifiedAfterMs, modifiedBeforeMs }: FilterOptions): boolean {
  if (modified === undefined) return true;
  const latestMs = modified.instantMs + modified.precisionMs;
  return (
    (modifiedAfterMs === undefined || latestMs > modifiedAfterMs) &&
    (modifiedBeforeMs === undefined || modified.instantMs < modifiedBeforeMs)
  );
}
