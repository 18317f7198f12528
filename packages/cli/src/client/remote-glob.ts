import type { Client, Entry } from "@sallyport/client";
import { compileGlob, ConfigError, hasWildcards, limits, octetsFromText, UsageError } from "@sallyport/protocol";
import { quotedName } from "../terminal/visible-text.ts";

/**
 * The paths that a path with wildcards stands for, in the order of their names; a path without stands for itself. `*`,
 * `?` and `[a-z]` match within one name, as on the server: `?` one octet, and hidden names like others;
 * `[*]`, `[?]` and `[[]` are those characters.
 *
 * @throws {ConfigError} SALLYPORT_NOT_FOUND where nothing matches.
 * @throws {UsageError} SALLYPORT_USAGE_PATTERN where there are too many wildcards.
 */
export async function expandRemote(client: Client, path: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = await expandPattern(path, (directory) => client.list(directory, { signal }));
  if (found.length > 0) return found;
  throw new ConfigError("SALLYPORT_NOT_FOUND", `Nothing on the server matches ${quotedName(path)}`);
}

/** A name in a directory, as far as a pattern asks. */
export type ListedName = Pick<Entry, "name" | "nameOctets" | "type">;

/** The same for whatever lists directories; empty where nothing matches. */
export async function expandPattern(
  path: string,
  list: (directory: string, pattern: string) => AsyncIterable<ListedName>,
): Promise<readonly string[]> {
  const literal = literalText(path);
  if (literal !== undefined) return [literal];
  const names = path.split("/").filter((name) => name !== "");
  let found: readonly string[] = [path.startsWith("/") ? "/" : ""];
  for (const [at, name] of names.entries()) {
    const isLast = at === names.length - 1;
    // oxlint-disable-next-line no-await-in-loop -- each level needs the one above
    found = (await Promise.all(found.map((directory) => matching(directory, name, isLast, list)))).flat();
  }
  return found;
}

async function matching(
  directory: string,
  pattern: string,
  isLast: boolean,
  list: (directory: string, pattern: string) => AsyncIterable<ListedName>,
): Promise<readonly string[]> {
  const literal = literalText(pattern);
  if (literal !== undefined) return [childOf(directory, literal)];
  const glob = compileGlob(octetsFromText(pattern), limits.globWildcardsCount.value);
  if (glob === "too-many-wildcards") {
    throw new UsageError("SALLYPORT_USAGE_PATTERN", `${quotedName(pattern)} has too many wildcards.`);
  }
  const names: string[] = [];
  for await (const { name, nameOctets, type } of list(directory, pattern)) {
    // A name with a slash would lead elsewhere, and no directory has one.
    if ((isLast || leadsOn(type)) && !name.includes("/") && glob.matches(nameOctets)) names.push(name);
  }
  return names.toSorted(byName).map((name) => childOf(directory, name));
}

/** The text that a pattern alone matches; undefined where there may be others. */
export function literalText(pattern: string): string | undefined {
  const text = pattern.replaceAll(/\[([*?[])\]/g, "$1");
  const wildcardsLeft = pattern.replaceAll(/\[[*?[]\]/g, "");
  return hasWildcards(octetsFromText(wildcardsLeft)) ? undefined : text;
}

/** The pattern that a text alone matches. */
export function literalPattern(text: string): string {
  return text.replaceAll(/[*?[]/g, "[$&]");
}

/** Whether a name can have others below it. */
function leadsOn(type: Entry["type"]): boolean {
  return type === "directory" || type === "link";
}

/** The order of names, the same everywhere. */
function byName(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function childOf(directory: string, name: string): string {
  if (directory === "") return name;
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}
