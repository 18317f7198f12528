import type { Demands } from "@sallyport/inspector";
import { isProblem, parseJson, parseToml, problemError, readSmallFile, type Problem } from "@sallyport/daemon/config";
import { parseCheckIds, parseGrade } from "../inspect-flags.ts";

/** What a policy says: what servers have to be like, which checks that takes, and which servers may be inspected. */
export interface InspectPolicy {
  readonly demands: Demands;
  /** The only checks to make. */
  readonly only?: readonly string[];
  readonly targets?: TargetDemands;
}

/** Which servers may be inspected; anything else is refused before a connection is made. */
export interface TargetDemands {
  /** Hosts, `*.domain`s, addresses and networks that may be, wherever they are. */
  readonly allow: readonly string[];
  /** Whether nothing else may be. */
  readonly onlyAllowed: boolean;
  /** Whether addresses of this machine and of private networks may be; a policy that says nothing lets them. */
  readonly allowsPrivate: boolean;
}

/**
 * Reads a policy, in TOML, or in JSON where its name ends so.
 *
 * @throws {ConfigError} SALLYPORT_INPUT_UNREADABLE, or SALLYPORT_CONFIG_SETTING with the place and what is wrong there.
 */
export function readPolicy(file: string): InspectPolicy {
  const text = readSmallFile(file, { what: "policy", advice: "a policy is a few lines" });
  const parsed = file.toLowerCase().endsWith(".json") ? parseJson(text, file) : parseToml(text, file);
  if (isProblem(parsed)) throw problemError([parsed]);
  const problems: Problem[] = [];
  const read = readTable(parsed.given, policyKeys, (path, said) => {
    problems.push({ origin: parsed.originOf(path), key: path.join("."), text: said });
  });
  const [first, ...more] = problems;
  if (first !== undefined) throw problemError([first, ...more]);
  const { only, targets, ...demands } = read;
  return { demands, ...(only && { only }), ...(targets && { targets: { ...anywhere, ...targets } }) };
}

const anywhere: TargetDemands = { allow: [], onlyAllowed: false, allowsPrivate: true };

type Complain = (path: readonly string[], text: string) => void;

/** A key of a policy: the field that it fills, and how its value is read; what is thrown is what the key takes. */
interface PolicyKey {
  readonly field: string;
  read(value: unknown, complain: Complain): unknown;
}

const targetKeys: Readonly<Record<string, PolicyKey>> = {
  allow: { field: "allow", read: (value) => words(value, "hosts, *.domains, addresses or networks") },
  "only-allowed": { field: "onlyAllowed", read: yesOrNo },
  private: { field: "allowsPrivate", read: yesOrNo },
};

const policyKeys: Readonly<Record<string, PolicyKey>> = {
  "min-grade": { field: "minGrade", read: grade },
  "min-tls": { field: "minTls", read: grade },
  "min-policy": { field: "minPolicy", read: grade },
  require: { field: "require", read: checksOf },
  accept: { field: "accept", read: checksOf },
  only: { field: "only", read: checksOf },
  "min-certificate-days": { field: "minCertificateDays", read: days },
  targets: {
    field: "targets",
    read: (value, complain) => {
      if (!isTable(value)) throw new Error("a table, as in [targets]");
      return readTable(value, targetKeys, (path, text) => complain(["targets", ...path], text));
    },
  },
};

/** The fields that the keys of a table fill; every key that cannot be is complained of. */
function readTable(
  given: Readonly<Record<string, unknown>>,
  keys: Readonly<Record<string, PolicyKey>>,
  complain: Complain,
): Demands & { readonly only?: readonly string[]; readonly targets?: Partial<TargetDemands> } {
  const fields = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key === undefined) {
      const shown = name.slice(0, 64).replace(/\p{Cc}/gu, "?");
      complain([name], `there is no "${shown}" here; there are ${Object.keys(keys).join(", ")}`);
      return [];
    }
    try {
      return [[key.field, key.read(value, complain)]];
    } catch (error) {
      complain([name], `${name} takes ${error instanceof Error ? error.message : "another value"}`);
      return [];
    }
  });
  return Object.fromEntries(fields);
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function grade(value: unknown) {
  return parseGrade(typeof value === "string" ? value : "");
}

function words(value: unknown, what: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((word) => typeof word === "string" && word !== "");
  if (texts.length !== list.length) throw new Error(`a list of ${what}`);
  return texts.map(String);
}

function checksOf(value: unknown): readonly string[] {
  const what = 'a list of checks, as in ["P1", "T1"] or ["C"]';
  const names = words(value, what.slice("a list of ".length));
  try {
    return names.flatMap((name) => parseCheckIds(name));
  } catch {
    throw new Error(what);
  }
}

function yesOrNo(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Error("true or false");
  return value;
}

const daysMax = 3650;

function days(value: unknown): number {
  const count = typeof value === "bigint" ? Number(value) : value;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > daysMax) {
    throw new Error(`a whole number of days from 0 to ${daysMax}`);
  }
  return count;
}
