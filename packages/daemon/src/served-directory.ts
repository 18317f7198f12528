import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "@sallyport/protocol";
import { errorCode } from "./files.ts";

/**
 * Checks that a directory can be served by this process, as its effective user.
 *
 * @throws {ConfigError} SALLYPORT_ROOT_MISSING, SALLYPORT_ROOT_UNREADABLE, SALLYPORT_ROOT_UNWRITABLE.
 */
export function checkServedDirectory(path: string, options: { readonly readOnly: boolean }): string {
  const root = resolve(path);
  requireDirectory(root);
  if (!mayAccess(root, "rx")) {
    const message = `The directory ${root} cannot be read by ${userText()}: change its owner or mode, or serve another.`;
    throw new ConfigError("SALLYPORT_ROOT_UNREADABLE", message);
  }
  if (!options.readOnly && !mayAccess(root, "w")) {
    const message = `The directory ${root} cannot be written by ${userText()}: change its owner or mode, or serve it with --read-only.`;
    throw new ConfigError("SALLYPORT_ROOT_UNWRITABLE", message);
  }
  return root;
}

function requireDirectory(root: string): void {
  try {
    if (statSync(root).isDirectory()) return;
  } catch (cause) {
    const code = errorCode(cause);
    if (code === "EACCES") {
      const message = `The directory ${root} cannot be reached by ${userText()}: let this user enter what lies above it, or serve another.`;
      throw new ConfigError("SALLYPORT_ROOT_UNREADABLE", message, { cause });
    }
    const message = `There is no directory ${root} (${code}): create it, or give the path of the one to serve.`;
    throw new ConfigError("SALLYPORT_ROOT_MISSING", message, { cause });
  }
  throw new ConfigError("SALLYPORT_ROOT_MISSING", `${root} is not a directory: give the path of the one to serve.`);
}

const accessModes = { rx: constants.R_OK | constants.X_OK, w: constants.W_OK } as const;

/** access(2) asks for the real user; for an effective one that differs test(1) has to ask. */
function mayAccess(path: string, rights: "rx" | "w"): boolean {
  if (process.getuid?.() !== process.geteuid?.()) {
    return rights.split("").every((right) => spawnSync("test", [`-${right}`, path], { stdio: "ignore" }).status !== 1);
  }
  try {
    accessSync(path, accessModes[rights]);
    return true;
  } catch {
    return false;
  }
}

function userText(): string {
  const uid = process.geteuid?.();
  return uid === undefined ? "this user" : `user number ${uid}`;
}
