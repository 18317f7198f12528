import type { FactEntry, FactType } from "./facts.ts";
import type { Octets } from "./octets.ts";
import { parseTimeValue } from "./time-value.ts";

/** An entry as a peer described it: what we understand is typed, everything it said is in `facts`. */
export interface ListedEntry extends FactEntry {
  /** All facts with their values as sent; names in lower case, the first one wins where a name comes twice. */
  readonly facts: ReadonlyMap<string, Octets>;
}

/**
 * Reads one line of MLSD, or of an MLST reply without its leading space: facts up to the first space, then the name
 * with all further spaces. Fact names are case-insensitive; unknown facts are kept; values that make no sense, such as
 * a size that is no number, are left out of the typed fields; a missing last `;` is tolerated. Undefined where there
 * is no space or no name. The name is not judged: it may hold `/` or be `..` (R-3659-16, S-20).
 */
export function parseEntryLine(line: Octets): ListedEntry | undefined {
  const space = line.indexOf(" ");
  if (space < 0 || space === line.length - 1) return undefined;
  const facts = new Map<string, Octets>();
  for (const fact of line.slice(0, space).split(";")) {
    const equals = fact.indexOf("=");
    const name = fact.slice(0, equals).toLowerCase();
    if (equals > 0 && !facts.has(name)) facts.set(name, fact.slice(equals + 1) as Octets);
  }
  return {
    name: line.slice(space + 1) as Octets,
    ...parseType(facts.get("type")),
    sizeBytes: parseNumber(facts.get("size"), /^\d{1,15}$/, 10),
    modifiedMs: parseTime(facts.get("modify")),
    createdMs: parseTime(facts.get("create")),
    perm: facts.get("perm")?.toLowerCase(),
    unique: facts.get("unique"),
    mode: parseNumber(facts.get("unix.mode"), /^[0-7]{1,7}$/, 8),
    ownerName: facts.get("unix.owner"),
    groupName: facts.get("unix.group"),
    userId: parseNumber(facts.get("unix.uid"), /^\d{1,10}$/, 10),
    groupId: parseNumber(facts.get("unix.gid"), /^\d{1,10}$/, 10),
    facts,
  };
}

const plainTypes: Readonly<Record<string, FactType>> = { file: "file", dir: "dir", cdir: "cdir", pdir: "pdir" };

/** `OS.unix=slink:target` is ProFTPD's and Pure-FTPd's form; `OS.unix=symlink` is seen elsewhere. */
function parseType(value: Octets | undefined): { type?: FactType; target?: Octets } {
  if (value === undefined) return {};
  const lowered = value.toLowerCase();
  if (Object.hasOwn(plainTypes, lowered)) return { type: plainTypes[lowered] as FactType };
  const link = /^os\.unix=(?:slink|symlink)(?::(.+))?$/i.exec(value);
  if (link === null) return { type: "other" };
  return link[1] === undefined ? { type: "slink" } : { type: "slink", target: link[1] as Octets };
}

function parseNumber(value: Octets | undefined, syntax: RegExp, radix: number): number | undefined {
  return value !== undefined && syntax.test(value) ? Number.parseInt(value, radix) : undefined;
}

function parseTime(value: Octets | undefined): number | undefined {
  return value === undefined ? undefined : parseTimeValue(value);
}
