import { isAbsolute, join, resolve } from "node:path";
import { homedir } from "node:os";
import { childOf, literalPattern } from "../client/remote-glob.ts";
import { patternText, plainText } from "./words.ts";

/** A directory of the server, and where the login begins; both are empty where the server does not tell. */
export interface RemoteGround {
  readonly directory: string;
  readonly home: string;
}

/** The path that a word means in a directory of the server; `.` and `..` are gone, as far as that can be told. */
export function remotePath(word: string, ground: RemoteGround): string {
  return pathOf(word, plainText, ground);
}

/** The pattern that a word means in a directory of the server. */
export function remotePattern(word: string, { directory, home }: RemoteGround): string {
  return pathOf(word, patternText, { directory: literalPattern(directory), home: literalPattern(home) });
}

/** A path as it is called in a directory: without it where it lies below. */
export function nameIn(path: string, directory: string): string {
  const above = directory.endsWith("/") || directory === "" ? directory : `${directory}/`;
  return path.startsWith(above) && path.length > above.length ? path.slice(above.length) : path;
}

/** Whether a word names what is in a directory: it ends with a slash, or with `.` or `..` as a name. */
export function namesContent(word: string): boolean {
  return /(?:^|\/)\.{0,2}$/.test(word);
}

function pathOf(word: string, read: (word: string) => string, { directory, home }: RemoteGround): string {
  if (word === "~" || word.startsWith("~/")) return joined(home, read(word.slice(2)));
  const text = read(word);
  return text.startsWith("/") ? joined("/", text) : joined(directory, text);
}

/** The local path that a word means in a local directory. */
export function localPath(word: string, directory: string): string {
  const text = plainText(word);
  if (word === "~" || word.startsWith("~/")) return join(homedir(), text.slice(1));
  const path = isAbsolute(text) ? text : resolve(directory, text);
  return namesContent(text) && !path.endsWith("/") ? `${path}/` : path;
}

function joined(base: string, path: string): string {
  const names: string[] = [];
  for (const name of childOf(base, path).split("/")) {
    if (name === "" || name === ".") continue;
    const isAboveStart = names.length === 0 || names.at(-1) === "..";
    if (name !== "..") names.push(name);
    else if (!isAboveStart) names.pop();
    else if (!base.startsWith("/")) names.push(name);
  }
  return (base.startsWith("/") ? "/" : "") + names.join("/");
}
