import {
  ConfigError,
  displayOctets,
  isVirtualPath,
  isWithin,
  type LimitValues,
  type Octets,
  octetsFromText,
  resolvePath,
  rootPath,
  type VirtualPath,
} from "@sallyport/protocol";
import { accountNameComplaint, type NewAccount } from "../account-record.ts";
import { isPasswordHash, parsePasswordHash } from "../password-scheme.ts";

/** What is wrong with a line, which counts from 1; neither passwords nor hashes are in the reason. */
export interface ImportComplaint {
  readonly line: number;
  /** `error`: the line gives no account. `warning`: it does, but not all that it says is carried over. */
  readonly severity: "error" | "warning";
  readonly reason: string;
}

/** What another server's account file holds. */
export interface ImportedAccounts {
  readonly accounts: readonly NewAccount[];
  readonly complaints: readonly ImportComplaint[];
}

/** What a parser needs to know beyond the text. */
export interface ImportOptions {
  readonly limits: LimitValues;
  /** The directory that will be served; homes must lie in it and are cut to what follows. Absent: kept as they are. */
  readonly servedDirectory?: string;
}

/** Reads the text of an account file; never throws, whatever the text is. */
export type ImportParser = (text: string, options: ImportOptions) => ImportedAccounts;

/**
 * The accounts to import: all of them, or, if some line is malformed, none unless told to skip such lines.
 *
 * @throws {ConfigError} SALLYPORT_CONFIG_IMPORT naming the first malformed line.
 */
export function acceptedAccounts(
  imported: ImportedAccounts,
  options: { readonly skipMalformed: boolean },
): readonly NewAccount[] {
  const errors = imported.complaints.filter((complaint) => complaint.severity === "error");
  const [first] = errors;
  if (first !== undefined && !options.skipMalformed) {
    const others = errors.length === 1 ? "" : ` (and ${errors.length - 1} more)`;
    throw new ConfigError(
      "SALLYPORT_CONFIG_IMPORT",
      `line ${first.line}: ${first.reason}${others}; nothing was imported`,
    );
  }
  return imported.accounts;
}

/** Why one line gives no account. */
export class LineError {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** One account with what could not be carried over. */
export interface ImportedLine {
  readonly account: NewAccount;
  readonly warnings: readonly string[];
}

/** A file of this many malformed lines is of another kind; reading on would only fill the screen. */
const errorsMax = 100;

/**
 * Collects the accounts of a file in which each line that is neither empty nor a comment is one account; refuses names
 * that cannot be and those that come twice.
 */
export function collectLines(
  lines: Iterable<readonly [line: number, text: string]>,
  parseLine: (text: string) => ImportedLine | LineError,
  options: ImportOptions,
): ImportedAccounts {
  const accounts = new Map<string, NewAccount>();
  const complaints: ImportComplaint[] = [];
  let errorsCount = 0;
  for (const [line, text] of lines) {
    const parsed = checked(parseLine(text), accounts, options.limits);
    if (parsed instanceof LineError) {
      errorsCount += 1;
      complaints.push({ line, severity: "error", reason: parsed.reason });
      if (errorsCount < errorsMax) continue;
      complaints.push({ line, severity: "error", reason: "too many malformed lines: is this the right format?" });
      break;
    }
    accounts.set(parsed.account.name, parsed.account);
    for (const reason of parsed.warnings) complaints.push({ line, severity: "warning", reason });
  }
  return { accounts: [...accounts.values()], complaints };
}

/** The lines of a text with their numbers, without line ends and byte order mark. */
export function* numberedLines(text: string): Generator<readonly [line: number, text: string]> {
  let line = 0;
  for (const raw of text.replace(/^\uFEFF/, "").split("\n")) yield [++line, raw.replace(/\r$/, "")];
}

/** {@link numberedLines} without empty lines and comments. */
export function* accountLines(text: string): Generator<readonly [line: number, text: string]> {
  for (const [line, content] of numberedLines(text)) {
    if (content.trim() !== "" && !content.startsWith("#")) yield [line, content];
  }
}

/** Says that a line has too many or too few fields. */
export function fieldsError(count: number, wanted: number): LineError {
  return new LineError(`there ${count === 1 ? "is 1 field" : `are ${count} fields`} where ${wanted} belong`);
}

/** The password of a line: its hash, and whether a `!` before it has locked the account. */
export function importedHash(
  field: string,
  limits: LimitValues,
): Pick<NewAccount, "passwordHash" | "enabled"> | LineError {
  const isLocked = field.startsWith("!");
  const passwordHash = isLocked ? field.slice(1) : field;
  const hash = parsePasswordHash(passwordHash, limits);
  if (isPasswordHash(hash)) return { passwordHash, enabled: !isLocked };
  return new LineError(hashReasons[hash]);
}

/** The home of a line as a path of the served tree; everything behind Pure-FTPd's `/./` is only where one starts. */
export function importedHome(field: string, options: ImportOptions): VirtualPath | LineError {
  const [chroot = ""] = field.split("/./");
  if (chroot.split("/").includes("..")) return new LineError("the home directory has a .. component");
  const home = absolutePath(chroot);
  if (home === undefined) return new LineError("the home directory is not an absolute path");
  if (options.servedDirectory === undefined) return home;
  const served = absolutePath(options.servedDirectory);
  if (served === undefined || !isWithin(home, served)) {
    return new LineError(`the home directory ${displayOctets(home)} lies outside of the served directory`);
  }
  const inside = served === "/" ? home : home.slice(served.length);
  return (inside === "" ? rootPath : inside) as VirtualPath;
}

const hashReasons = {
  empty: "there is no password hash",
  "unknown-scheme": "the password hash is of a kind that is not supported (DES, yescrypt, scrypt, or none at all)",
  malformed: "the password hash is malformed",
  "too-costly": "the password hash asks for more work than the limits allow",
} as const;

function absolutePath(text: string): VirtualPath | undefined {
  const octets: Octets = octetsFromText(text);
  const path = resolvePath(rootPath, octets);
  return octets.startsWith("/") && isVirtualPath(path) ? path : undefined;
}

function checked(
  parsed: ImportedLine | LineError,
  accounts: ReadonlyMap<string, NewAccount>,
  limits: LimitValues,
): ImportedLine | LineError {
  if (parsed instanceof LineError) return parsed;
  const complaint = accountNameComplaint(parsed.account.name, limits);
  if (complaint !== undefined) return new LineError(`the name ${complaint}`);
  return accounts.has(parsed.account.name) ? new LineError("the name comes for the second time") : parsed;
}
