import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ConfigError } from "@sallyport/protocol";
import type { Owner } from "./state-directory.ts";

/** What the system decides by. */
export interface Rights extends Owner {
  /** All groups of the user. */
  readonly groups: readonly number[];
}

/** The user that a server becomes after it has bound its ports. */
export interface RunAs extends Rights {
  readonly name: string;
}

/** Whether this process may bind every port and become any user. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** How many files this process may have open; Node has raised the soft limit to the hard one. */
export function openFilesMax(): number {
  const [, text = ""] = /^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
  return text === "" ? Infinity : Number(text);
}

/**
 * Finds a user of this system by name, wherever users are kept (files, LDAP, systemd).
 *
 * @throws {ConfigError} SALLYPORT_RUN_AS_UNKNOWN, SALLYPORT_RUN_AS_FORBIDDEN.
 */
export function findUser(name: string): RunAs {
  const [uid = 0] = identityNumbers("-u", name);
  const [gid = 0] = identityNumbers("-g", name);
  if (uid === 0) {
    const message = `--run-as ${name} would keep the rights of root: name an ordinary user.`;
    throw new ConfigError("SALLYPORT_RUN_AS_FORBIDDEN", message);
  }
  return { name, uid, gid, groups: identityNumbers("-G", name) };
}

/** Does something with the rights of a user and takes root's back afterwards. */
export async function asUser<Result>(user: RunAs, action: () => Promise<Result>): Promise<Result> {
  takeRights(user);
  try {
    return await action();
  } finally {
    returnToRoot();
  }
}

/** {@link asUser} for what is done when it returns. */
export function asUserAtOnce<Result>(user: Rights, action: () => Result): Result {
  takeRights(user);
  try {
    return action();
  } finally {
    returnToRoot();
  }
}

/** Becomes a user for good, and proves that there is no way back. */
export function becomeUser(user: RunAs): void {
  process.setgroups?.([...user.groups]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  if (process.getuid?.() !== user.uid || mayReturn()) {
    throw new Error(`the process is still root after setuid(${user.uid})`);
  }
}

function takeRights(user: Rights): void {
  process.setgroups?.([...user.groups]);
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
}

function returnToRoot(): void {
  process.seteuid?.(0);
  process.setegid?.(0);
  process.setgroups?.([0]);
}

function mayReturn(): boolean {
  try {
    process.seteuid?.(0);
    return true;
  } catch {
    return false;
  }
}

/** Node can become a user by name, but cannot tell the numbers; id(1) asks the same sources. */
function identityNumbers(flag: "-u" | "-g" | "-G", name: string): number[] {
  try {
    const output = execFileSync("id", [flag, "--", name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    if (/^[\d ]+\n$/.test(output)) return output.trim().split(" ").map(Number);
  } catch {
    // No such user: said below.
  }
  const message = `There is no user ${name} on this machine: create it, or name another with --run-as.`;
  throw new ConfigError("SALLYPORT_RUN_AS_UNKNOWN", message);
}
