import type { Client } from "@sallyport/client";
import { ConfigError, UsageError } from "@sallyport/protocol";
import { entryAt } from "../client/remote-entry.ts";
import { quotedName } from "../terminal/visible-text.ts";
import { localPath, namesContent, remotePath, remotePattern, type RemoteGround } from "./places.ts";
import { urlOf, type ShellConnection } from "./connection.ts";
import { plainText } from "./words.ts";

/** Where somebody is: on which server, in which of its directories, and in which of this machine's. */
export interface Place {
  readonly connection: ShellConnection | undefined;
  readonly directory: string;
  /** The directory before, on the server. */
  readonly previous: string;
  readonly localDirectory: string;
}

/**
 * The server that a place is on.
 *
 * @throws {UsageError} SALLYPORT_USAGE_CONNECTION where it is on none.
 */
export function connectionOf({ connection }: Place): ShellConnection {
  if (connection !== undefined) return connection;
  throw new UsageError("SALLYPORT_USAGE_CONNECTION", 'No server is open: "open URL" connects to one.');
}

export function groundOf(place: Place): RemoteGround {
  return { directory: place.directory, home: connectionOf(place).home };
}

/**
 * Asks the server whether somebody can go to a path. What may lead to a directory may do.
 *
 * @throws {CommandRefused} Where the server says that there is no such path.
 * @throws {ConfigError} SALLYPORT_NOT_FOUND where it is something else.
 */
export async function checkDirectory(client: Client, path: string, signal: AbortSignal): Promise<void> {
  const { type } = await entryAt(client, path, signal);
  if (type === "directory" || type === "link" || type === "unknown") return;
  throw new ConfigError("SALLYPORT_NOT_FOUND", `${quotedName(path)} is no directory`);
}

/** The URL of the pattern that a word means; a word that is a URL stays one. */
export function patternUrl(word: string, place: Place): string {
  if (isUrl(word)) return plainText(word);
  return urlOf(connectionOf(place), remotePattern(word, groundOf(place)), namesContent(word));
}

/** The URL of the one path that a word means. */
export function pathUrl(word: string, place: Place): string {
  if (isUrl(word)) return plainText(word);
  return urlOf(connectionOf(place), remotePath(word, groundOf(place)), namesContent(word));
}

export function localWord(word: string, { localDirectory }: Place): string {
  return word === "-" ? word : localPath(word, localDirectory);
}

function isUrl(word: string): boolean {
  return /^[a-z]+:\/\//i.test(word);
}
