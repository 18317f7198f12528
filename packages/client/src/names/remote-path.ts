import type { Octets } from "@sallyport/protocol";

/*
 * Paths on the server as they are sent: `/` separates; one that does not begin with it is relative to where the login
 * began, for nobody changes the working directory.
 */

export function childPath<Path extends string>(directory: Path, name: Path): Path {
  if (directory === "" || directory === ".") return name;
  return (directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`) as Path;
}

/** The directory that holds the path; empty for a name in the working directory, `/` for what lies in the root. */
export function parentPath(path: Octets): Octets {
  const trimmed = withoutTrailingSlashes(path);
  const at = trimmed.lastIndexOf("/");
  return (at === 0 ? "/" : trimmed.slice(0, Math.max(at, 0))) as Octets;
}

export function baseName(path: Octets): Octets {
  const trimmed = withoutTrailingSlashes(path);
  return trimmed.slice(trimmed.lastIndexOf("/") + 1) as Octets;
}

function withoutTrailingSlashes(path: Octets): Octets {
  return (/^\/+$/.test(path) ? "/" : path.replace(/\/+$/, "")) as Octets;
}

/**
 * The path as an argument of LIST and NLST, whose servers take words with `-` in front for options of ls, and leave out
 * what is empty.
 */
export function listArgument(path: Octets): Octets | undefined {
  if (path === "" || path === ".") return undefined;
  return (path.startsWith("-") ? `./${path}` : path) as Octets;
}
