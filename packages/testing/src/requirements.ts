import { accessSync, constants, existsSync, globSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { canBeReached } from "./checkout-place.ts";

/** What a test can need of the machine besides programs. */
type Circumstance = "root" | "ipv6" | "linux" | "pyftpdlib" | "perl-tls" | "libgssapi" | "reachable-checkout";

/**
 * Tells node:test whether to skip: false when the machine has everything, otherwise the reason.
 *
 * Names are programs, looked up in the folders of peers and on the PATH, or circumstances: `root`, `ipv6` (the
 * loopback has ::1), `linux`, `pyftpdlib` and `perl-tls` (the libraries of Debian's Python and Perl), `libgssapi`, and
 * `reachable-checkout` (other users reach this checkout, or root may mount it where they do). On a build machine (CI
 * set in the environment) nothing is skipped: there it throws.
 *
 * @example test("curl lists", { skip: needs("curl", "ipv6") }, async () => { … });
 * @throws {Error} under CI, when something is missing
 */
export function needs(...requirements: readonly string[]): string | false {
  const missing = requirements.filter((requirement) => !isMet(requirement));
  if (missing.length === 0) return false;
  const reason = `this machine lacks ${missing.map(describe).join(", ")}`;
  if (process.env["CI"]) throw new Error(`${reason}; on a build machine no test is skipped`);
  return reason;
}

/** Finds a program of the machine or of the unpacked peers, and returns its path. */
export function findProgram(name: string): string | undefined {
  return programFolders()
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** The folder into which test/peers/unpack.sh puts servers that conflict as packages. */
export const unpackedPeers: string =
  process.env["SALLYPORT_PEERS"] ?? fileURLToPath(new URL("../../../.peers", import.meta.url));

const circumstances: Record<Circumstance, () => boolean> = {
  root: () => process.getuid?.() === 0,
  ipv6: () => Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === "::1")),
  linux: () => process.platform === "linux",
  pyftpdlib: () => existsSync("/usr/lib/python3/dist-packages/pyftpdlib"),
  libgssapi: () => ["/usr/lib", "/lib64", "/usr/lib64"].some(holdsGssapi),
  "perl-tls": () => existsSync("/usr/share/perl5/IO/Socket/SSL.pm"),
  "reachable-checkout": canBeReached,
};

/** Debian keeps libraries in a folder for each architecture, others do not. */
function holdsGssapi(folder: string): boolean {
  return globSync([`${folder}/libgssapi_krb5.so.2`, `${folder}/*/libgssapi_krb5.so.2`]).length > 0;
}

function isMet(requirement: string): boolean {
  return isCircumstance(requirement) ? circumstances[requirement]() : findProgram(requirement) !== undefined;
}

function isCircumstance(requirement: string): requirement is Circumstance {
  return Object.hasOwn(circumstances, requirement);
}

function describe(requirement: string): string {
  const packageName = packageOf(requirement);
  return packageName === undefined ? requirement : `${requirement} (Debian package ${packageName})`;
}

/** Reads the list that also tells .ci/run what to install. */
function packageOf(program: string): string | undefined {
  const list = readFileSync(new URL("../../../test/peers/packages.txt", import.meta.url), "utf8");
  const rows = list.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.find(([name]) => name === program)?.[2];
}

function programFolders(): readonly string[] {
  const unpacked = ["usr/bin", "usr/sbin"].map((folder) => join(unpackedPeers, folder));
  return [...unpacked, ...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
