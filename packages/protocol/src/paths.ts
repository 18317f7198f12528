import type { Octets } from "./octets.ts";

declare const virtualPathBrand: unique symbol;

/**
 * An absolute, normalised path as the peer sees it: starts with `/`, has no empty, `.` or `..` component, no trailing
 * `/` (but for the root itself), and contains neither CR, LF nor NUL. Only {@link resolvePath} makes one from peer
 * input, so whoever holds a VirtualPath need not check again.
 */
export type VirtualPath = Octets & { readonly [virtualPathBrand]: true };

export const rootPath: VirtualPath = "/" as VirtualPath;

/** Why a pathname was refused before any storage was asked. */
export type PathFailure = "forbidden-character" | "too-long" | "component-too-long";

const componentLengthMax = 255;
const pathLengthMax = 4095;

/**
 * Resolves a pathname argument against the working directory as TVFS does (RFC 3659 §6): `/` separates, a leading `/`
 * starts at the root, `.` and `..` are understood and never climb above the root, repeated and trailing slashes are
 * dropped. CR, LF and NUL are refused (S-09); so are names that no file system could hold.
 */
export function resolvePath(workingDirectory: VirtualPath, pathname: Octets): VirtualPath | PathFailure {
  // oxlint-disable-next-line no-control-regex -- these three octets are the point
  if (/[\r\n\0]/.test(pathname)) return "forbidden-character";
  const components = pathname.startsWith("/") ? [] : pathComponents(workingDirectory);
  for (const component of pathname.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") components.pop();
    else if (component.length > componentLengthMax) return "component-too-long";
    else components.push(component as Octets);
  }
  const resolved = `/${components.join("/")}`;
  return resolved.length > pathLengthMax ? "too-long" : (resolved as VirtualPath);
}

/** Tells a resolved path from the reason why there is none. */
export function isVirtualPath(resolution: VirtualPath | PathFailure): resolution is VirtualPath {
  return resolution.startsWith("/");
}

/** The names that lead from the root to the path; empty for the root. */
export function pathComponents(path: VirtualPath): Octets[] {
  return path === "/" ? [] : (path.slice(1).split("/") as Octets[]);
}

/** The last name of a path; empty for the root. */
export function baseName(path: VirtualPath): Octets {
  return path.slice(path.lastIndexOf("/") + 1) as Octets;
}

/** The directory that holds the path; the root holds itself. */
export function parentPath(path: VirtualPath): VirtualPath {
  const at = path.lastIndexOf("/");
  return (at <= 0 ? "/" : path.slice(0, at)) as VirtualPath;
}

/** The path of an entry in a directory; the name comes from a listing of ours and is not parsed. */
export function childPath(directory: VirtualPath, name: Octets): VirtualPath {
  return (directory === "/" ? `/${name}` : `${directory}/${name}`) as VirtualPath;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: VirtualPath, ancestor: VirtualPath): boolean {
  return ancestor === "/" || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** Quotes a path for reply 257: in double quotes, with quotes inside doubled (RFC 959 appendix II). */
export function quotePath(path: VirtualPath): Octets {
  return `"${path.replaceAll('"', '""')}"` as Octets;
}
