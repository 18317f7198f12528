/**
 * Paths on the server as callers write them: JavaScript strings, `/` between names, absolute when they start with `/`,
 * else relative to the login directory. Whatever is not `/` belongs to a name, also blanks and backslashes.
 */

/**
 * Joins paths: each further one is taken from the one before it, an absolute one starts anew. The result is normalised
 * as by {@link normalisePath}.
 */
export function joinPaths(...paths: readonly string[]): string {
  let joined = "";
  for (const path of paths) {
    if (isAbsolutePath(path)) joined = path;
    else if (path !== "") joined = joined === "" ? path : `${joined}/${path}`;
  }
  return normalisePath(joined);
}

/**
 * Removes empty names and `.`, and resolves `..` against the name before it: above the root there is the root (as
 * RFC 3659 §6 has it); a relative path keeps the `..` that lead out of it. The working directory comes out as `.`.
 * Resolving `..` by text differs from what a server does where the name before it is a symbolic link.
 */
export function normalisePath(path: string): string {
  const isAbsolute = isAbsolutePath(path);
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (!isAbsolute) names.push(name);
  }
  const joined = names.join("/");
  if (isAbsolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** The last name of a path; empty for the root, the working directory and paths that end in `..`. */
export function lastName(path: string): string {
  const name = normalisePath(path).split("/").at(-1) ?? "";
  return name === "." || name === ".." ? "" : name;
}

/** The directory that holds what the path names; the root holds itself. */
export function directoryOf(path: string): string {
  return joinPaths(path, "..");
}

/**
 * The path of an entry that a listing of `directory` named, or undefined where the name is none: empty, `.`, `..`, or
 * with `/` or NUL in it. A server that sends such a name wants to lead a recursive transfer elsewhere (S-20).
 */
export function entryPath(directory: string, name: string): string | undefined {
  if (!isEntryName(name)) return undefined;
  if (directory === "" || directory === ".") return name;
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}

/** Whether a name can be that of one entry of a directory. */
export function isEntryName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes("\0");
}

/** The path as seen from `ancestor`: empty for itself, undefined where it does not lie below. Both normalised first. */
export function relativePath(ancestor: string, path: string): string | undefined {
  const above = normalisePath(ancestor);
  const below = normalisePath(path);
  if (above === below) return "";
  if (above === ".") return isAbsolutePath(below) || /^\.\.(?:\/|$)/.test(below) ? undefined : below;
  const start = above === "/" ? "/" : `${above}/`;
  return below.startsWith(start) ? below.slice(start.length) : undefined;
}

function isAbsolutePath(path: string): boolean {
  return path.startsWith("/");
}
