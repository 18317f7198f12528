import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this checkout. */
export const checkout: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/**
 * The command that runs another one as if this checkout lay in `folder`: by a mount that only this process sees, whose
 * number stays the same. Words that are paths in this checkout become paths in the folder. Only for root.
 */
export function commandAt(folder: string, command: readonly string[]): string[] {
  const words = command.map((word) => (isInCheckout(word) ? folder + word.slice(checkout.length) : word));
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  return ["unshare", "--mount", "sh", "-c", script, "sh", checkout, folder, ...words];
}

/**
 * The command for a program that becomes another user: as it is where other users reach this checkout, and otherwise
 * at a place which they do reach.
 */
export function reachableCommand(command: readonly string[]): [file: string, words: readonly string[]] {
  place ??= findPlace();
  const [file = "", ...words] = place === checkout ? command : commandAt(place, command);
  return [file, words];
}

/** Whether other users reach this checkout, or root can place it where they do. */
export function canBeReached(): boolean {
  return isReachable() || canMount();
}

let place: string | undefined;

function findPlace(): string {
  if (process.getuid?.() !== 0 || isReachable() || !canMount()) return checkout;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-checkout-"));
  chmodSync(folder, 0o755);
  process.once("exit", () => rmdirSync(folder));
  return folder;
}

function isReachable(): boolean {
  const [launcher, node] = [join(checkout, "sallyport"), join(checkout, "node_modules/.bin/node")];
  const words = ["--reuid=65534", "--regid=65534", "--clear-groups", "test", "-x", launcher, "-a", "-x", node];
  return spawnSync("setpriv", words).status === 0;
}

function canMount(): boolean {
  return spawnSync("unshare", ["--mount", "true"]).status === 0;
}

function isInCheckout(word: string): boolean {
  return word === checkout || word.startsWith(checkout + sep);
}
