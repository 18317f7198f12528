import { limits } from "@sallyport/protocol";
import type { FtpUrl } from "../url/ftp-url.ts";

/** A place on a server that somebody wants to come back to. */
export interface Bookmark {
  readonly name: string;
  /** Names of the folders that it lies in, outermost first. */
  readonly folder: readonly string[];
  /** As in `FtpUrl`. */
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  /** Only where passwords were asked for. */
  readonly password?: string;
  /** Never plain: a bookmark of another program that was becomes `auto`, with a warning. */
  readonly security: FtpUrl["security"];
  /** The encoding of names; absent for automatic. */
  readonly charset?: string;
  /** Who opens data connections; absent for the default. */
  readonly dataMode?: "passive" | "active";
  /** A path as in `FtpUrl`; absent for the login directory. */
  readonly remoteDirectory?: string;
  readonly notes?: string;
  /** What somebody should know about it, in sentences. */
  readonly warnings: readonly string[];
}

/** What became of a file of another program's bookmarks. */
export interface ImportedBookmarks {
  readonly bookmarks: readonly Bookmark[];
  /** What was left out, such as servers that speak SFTP. */
  readonly skipped: ReadonlyArray<{ readonly name: string; readonly reason: string }>;
}

/** Why a file could not be read at all, in a sentence. */
export interface ImportFailure {
  readonly failure: string;
}

export interface ImportOptions {
  /** Also reads the passwords that the other program keeps; default false. */
  readonly passwords?: boolean;
}

/** Tells a failure from bookmarks. */
export function isImportFailure(result: ImportedBookmarks | ImportFailure): result is ImportFailure {
  return "failure" in result;
}

/** The name by which a bookmark is found: folders and name, parted by `/`. */
export function bookmarkTitle({ folder, name }: Pick<Bookmark, "folder" | "name">): string {
  return [...folder, name].join("/");
}

/** Where a bookmark leads, as a URL. */
export function bookmarkUrl({ host, port, user, password, security, remoteDirectory = "" }: Bookmark): FtpUrl {
  const scheme = security === "explicit" ? "ftpes" : security === "implicit" ? "ftps" : "ftp";
  return { scheme, security, host, port, user, password, path: remoteDirectory, isDirectory: true, type: undefined };
}

export const plainBecomesAuto =
  "It was for plain FTP, which anyone on the way can read; now TLS is demanded. Use --plain where there is none.";

export const tooManyBookmarks = "The file has too many bookmarks.";

/** What a parser has found so far. */
export interface FoundBookmarks {
  readonly bookmarks: Bookmark[];
  readonly skipped: Array<{ readonly name: string; readonly reason: string }>;
  /** Whether passwords are asked for. */
  readonly passwords: boolean;
}

/** Reads another program's file of bookmarks. */
export type BookmarkParser = (text: string, options?: ImportOptions) => ImportedBookmarks | ImportFailure;

/**
 * Makes a parser of `read`, which says what is wrong with a file, within `importedFileBytes` and
 * `importedBookmarksCount`.
 */
export function bookmarkParser(
  read: (text: string, found: FoundBookmarks) => ImportFailure | undefined,
): BookmarkParser {
  return (text, { passwords = false } = {}) => {
    if (text.length > limits.importedFileBytes.value) return { failure: "The file is too large." };
    const found: FoundBookmarks = { bookmarks: [], skipped: [], passwords };
    const failed = read(text, found);
    if (failed) return failed;
    const { bookmarks, skipped } = found;
    const isTooMuch = bookmarks.length + skipped.length > limits.importedBookmarksCount.value;
    return isTooMuch ? { failure: tooManyBookmarks } : { bookmarks, skipped };
  };
}

/** A name for people to read: one line, no control characters; `fallback` where nothing is left. */
export function tidyName(text: string, fallback: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  const tidy = text.replace(/[\u0000-\u001F\u007F-\u009F]+/g, " ").trim();
  return tidy === "" ? fallback : tidy;
}

/** The fields whose value is known; for optional fields, which may be absent but not undefined. */
export function known<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}
