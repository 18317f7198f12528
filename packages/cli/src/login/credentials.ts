import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ConfigError, escapeControls, UsageError } from "@sallyport/protocol";
import { askPassword, firstLineOf } from "../password-input.ts";
import { keyringPassword } from "./keyring.ts";
import { findInNetrc, isNetrcFailure, parseNetrc, type NetrcEntry } from "./netrc.ts";
import { unreadableFile } from "../unreadable-file.ts";

/** Who logs in where, as far as the URL tells. */
export interface LoginTarget {
  readonly host: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Whether the password stands on the command line, where others see it. */
  readonly isPasswordExposed: boolean;
}

/** What the command line says about the login. */
export interface CredentialFlags {
  readonly user?: string;
  readonly passwordStdin?: boolean;
  readonly netrc?: string;
  readonly quiet?: boolean;
}

export interface FoundCredentials {
  readonly user: string;
  /** Absent where the server is asked without one: `anonymous`, or a client certificate that replaces it. */
  readonly password?: string;
}

/** Where a password is looked for, besides the URL, the netrc, the keyring and a person. */
export interface PasswordSource {
  /** Variables of the environment; the first that is set counts. */
  readonly variables: readonly [string, ...string[]];
  /** The password that stands on standard input. */
  line(): Promise<string>;
}

export interface CredentialNeeds {
  readonly isPasswordNeeded: boolean;
  /** Who logs in where nobody is named; absent, `anonymous`. */
  readonly defaultUser?: string;
  readonly passwords?: PasswordSource;
}

const usualSource: PasswordSource = { variables: ["SALLYPORT_PASSWORD"], line: () => firstLineOf(process.stdin) };

const anonymous = "anonymous";
const netrcBytesMax = 1_048_576;

/**
 * Finds user and password. The user is that of the URL, `--user`, the netrc's for the host, or the default. The password
 * is the first of: the URL's, SALLYPORT_PASSWORD, the first line of standard input with `--password-stdin`, the netrc's,
 * the keyring's, what a person types into the terminal.
 *
 * @throws {UsageError} SALLYPORT_USAGE_PASSWORD where there is none and nobody to ask; SALLYPORT_USAGE_CONTRADICTION
 * where URL and `--user` name two users.
 * @throws {ConfigError} SALLYPORT_NETRC_MALFORMED, or SALLYPORT_NETRC_EXPOSED where others can read the netrc.
 */
export async function findCredentials(
  target: LoginTarget,
  flags: CredentialFlags,
  { isPasswordNeeded, defaultUser = anonymous, passwords = usualSource }: CredentialNeeds = { isPasswordNeeded: true },
): Promise<FoundCredentials> {
  const named = userOf(target, flags);
  if (target.password !== undefined) {
    if (target.isPasswordExposed) warnOfExposure(flags);
    return { user: named ?? defaultUser, password: target.password };
  }
  const fromEnvironment = passwords.variables.map((name) => process.env[name]).find((value) => value);
  if (fromEnvironment !== undefined && named !== undefined) return { user: named, password: fromEnvironment };
  if (flags.passwordStdin === true) {
    if (named !== undefined) return { user: named, password: await passwords.line() };
    throw new UsageError(
      "SALLYPORT_USAGE_PASSWORD",
      "--password-stdin gives a password, but nobody logs in: name the user in the URL or with --user.",
    );
  }
  const entry = fromNetrc(target.host, named, flags.netrc);
  const user = named ?? entry?.login ?? defaultUser;
  if (entry?.password !== undefined) return { user, password: entry.password };
  if (user === anonymous || !isPasswordNeeded) return { user };
  const password = (await keyringPassword({ host: target.host, user })) ?? (await ask(user, target.host, passwords));
  return { user, password };
}

function userOf({ user }: LoginTarget, flags: CredentialFlags): string | undefined {
  if (user !== undefined && flags.user !== undefined && user !== flags.user) {
    throw new UsageError("SALLYPORT_USAGE_CONTRADICTION", "--user and the URL name two users: leave one out.");
  }
  return user ?? flags.user;
}

function warnOfExposure({ quiet }: CredentialFlags): void {
  // What a process list shows from now on; it may have been read before.
  process.title = "sallyport";
  if (quiet === true || isWarned) return;
  isWarned = true;
  process.stderr.write(
    "sallyport: The password in the URL can be seen by every user of this machine: give it in SALLYPORT_PASSWORD, with --password-stdin or in a netrc.\n",
  );
}

let isWarned = false;

async function ask(user: string, host: string, { variables }: PasswordSource): Promise<string> {
  const answer = await askPassword(`Password for ${escapeControls(user)} at ${escapeControls(host)}`);
  if (answer !== undefined) return answer;
  throw new UsageError(
    "SALLYPORT_USAGE_PASSWORD",
    `There is no password for ${escapeControls(user)} at ${host}, and no terminal to ask: give it in ${variables[0]}, with --password-stdin or in a netrc.`,
  );
}

function fromNetrc(host: string, user: string | undefined, named: string | undefined): NetrcEntry | undefined {
  const path = named ?? (process.env["NETRC"] || join(homedir(), ".netrc"));
  const file = readNetrc(path, named !== undefined);
  if (file === undefined) return undefined;
  const entries = parseNetrc(file.text);
  if (isNetrcFailure(entries)) {
    throw new ConfigError("SALLYPORT_NETRC_MALFORMED", `${shown(path)}, line ${entries.line}: ${entries.failure}.`);
  }
  const entry = findInNetrc(entries, { host, user });
  if (entry?.password !== undefined && entry.login !== anonymous && file.isExposed) {
    throw new ConfigError(
      "SALLYPORT_NETRC_EXPOSED",
      `Others can read the passwords in ${shown(path)}: take that right from them with chmod 600.`,
    );
  }
  return entry;
}

interface NetrcFile {
  readonly text: string;
  /** Whether group or others may read it. */
  readonly isExposed: boolean;
}

function readNetrc(path: string, isNamed: boolean): NetrcFile | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (!isNamed) return undefined;
    throw unreadableFile(shown(path), error);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > netrcBytesMax) {
      throw new ConfigError("SALLYPORT_NETRC_MALFORMED", `${shown(path)} is no netrc.`);
    }
    const isExposed = process.platform !== "win32" && (stats.mode & 0o077) !== 0;
    return { text: readFileSync(descriptor, "utf8"), isExposed };
  } finally {
    closeSync(descriptor);
  }
}

function shown(path: string): string {
  return escapeControls(path);
}
