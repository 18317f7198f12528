import { isWithin, type VirtualPath } from "@sallyport/protocol";
import type { Entry } from "../storage/index.ts";
import { type Account, everyPathAction, type PathAction, type PathPermissions } from "./account.ts";

/** The part of an account that decides what a login may do to files. */
export type PermissionHolder = Pick<Account, "permissions" | "readOnly">;

/** Whether a login may do something to the entry at a path; {@link allowedActions} tells how that is decided. */
export function isPermitted(account: PermissionHolder, path: VirtualPath, action: PathAction): boolean {
  return allowedActions(account, path).has(action);
}

/**
 * What a login may do at a path: what the rule with the longest matching path says, and that rule alone. Where no rule
 * matches everything is allowed, as if there were a rule for `/`; a rule for `/` replaces that one. A read-only login
 * may list and read at most.
 */
export function allowedActions(account: PermissionHolder, path: VirtualPath): ReadonlySet<PathAction> {
  const allowed = governingRule(account, path)?.allow ?? everyPathAction;
  return account.readOnly ? readingOf(allowed) : allowed;
}

/** The rule that decides at a path, or undefined where none matches. */
export function governingRule(account: PermissionHolder, path: VirtualPath): PathPermissions | undefined {
  let longest: PathPermissions | undefined;
  for (const rule of account.permissions) {
    if (isWithin(path, rule.path) && rule.path.length > (longest?.path.length ?? 0)) longest = rule;
  }
  return longest;
}

/** Whether some rule begins at the path or below it, so that moving what lies there would escape or upset that rule. */
export function carriesRule(account: PermissionHolder, path: VirtualPath): boolean {
  return account.permissions.some((rule) => isWithin(rule.path, path));
}

/**
 * Whether a login may know of an entry. A directory may be entered by whoever may do anything in it; a file is visible
 * to whoever may list, read, extend or replace it, and an interrupted upload to whoever may continue it. So a login that
 * may only create (a drop-box, S-26) sees neither names nor sizes of what others left.
 */
export function isVisible(account: PermissionHolder, path: VirtualPath, entry: Entry): boolean {
  const allowed = allowedActions(account, path);
  if (entry.type === "directory") return allowed.size > 0;
  if (entry.incomplete === true) return allowed.has("create");
  return knowingActions.some((action) => allowed.has(action));
}

/** The letters of the perm fact for this login (RFC 3659 §7.5.5, R-3659-14), in alphabetical order. */
export function permLetters(account: PermissionHolder, path: VirtualPath, entry: Entry): string {
  const allowed = allowedActions(account, path);
  const kind = entry.incomplete === true ? "incomplete" : entry.type;
  const isFixed = path === "/" || (entry.type === "directory" && carriesRule(account, path));
  const known = knownLetters.get(allowed) ?? new Map<string, string>();
  knownLetters.set(allowed, known);
  const key = isFixed ? `fixed ${kind}` : kind;
  const letters = known.get(key) ?? lettersOf(allowed, kind, isFixed);
  known.set(key, letters);
  return letters;
}

function lettersOf(allowed: ReadonlySet<PathAction>, kind: keyof typeof letterRows, isFixed: boolean): string {
  return letterRows[kind]
    .filter(([letter, actions]) => {
      if (isFixed && (letter === "d" || letter === "f")) return false;
      return actions.some((action) => allowed.has(action));
    })
    .map(([letter]) => letter)
    .join("");
}

/** A listing asks for each of its entries, and few rules give few answers; who has the rule keeps them. */
const knownLetters = new WeakMap<ReadonlySet<PathAction>, Map<string, string>>();

const knownReading = new WeakMap<ReadonlySet<PathAction>, ReadonlySet<PathAction>>();

function readingOf(allowed: ReadonlySet<PathAction>): ReadonlySet<PathAction> {
  const known = knownReading.get(allowed) ?? new Set([...allowed].filter((action) => readingActions.has(action)));
  knownReading.set(allowed, known);
  return known;
}

const readingActions: ReadonlySet<PathAction> = new Set(["list", "read"]);

const knowingActions: readonly PathAction[] = ["list", "read", "append", "overwrite"];

type LetterRow = readonly [letter: string, anyOf: readonly PathAction[]];

const nameRows: readonly LetterRow[] = [
  ["d", ["delete"]],
  ["f", ["rename"]],
];

const letterRows: Readonly<Record<Entry["type"] | "incomplete", readonly LetterRow[]>> = {
  file: [["a", ["append"]], ...nameRows, ["r", ["read"]], ["w", ["overwrite"]]],
  directory: [
    ["c", ["create"]],
    ["d", ["remove-directory"]],
    ["e", [...everyPathAction]],
    ["f", ["rename"]],
    ["l", ["list"]],
    ["m", ["make-directory"]],
    ["p", ["delete"]],
  ],
  // Continued by APPE or REST and STOR, given up by DELE; nobody reads or renames half a file.
  incomplete: [
    ["a", ["create"]],
    ["d", ["delete", "create"]],
    ["w", ["create"]],
  ],
  "symbolic-link": nameRows,
  other: nameRows,
};
