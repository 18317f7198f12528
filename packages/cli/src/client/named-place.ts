import { bookmarkFile, bookmarkUrl, isUrlFailure, parseFtpUrl, type Bookmark, type FtpUrl } from "@sallyport/client";
import { ConfigError, UsageError } from "@sallyport/protocol";
import { quotedName } from "../terminal/visible-text.ts";
import { bookmarksPath } from "./own-files.ts";
import { childOf } from "./remote-glob.ts";

/** Where a word of the command line leads. */
export interface NamedPlace {
  readonly url: FtpUrl;
  /** What a bookmark says besides. */
  readonly bookmark?: Bookmark;
}

/**
 * Reads a URL, or `@NAME` and `@NAME/PATH` for a bookmark and what lies below it.
 *
 * @throws {UsageError} SALLYPORT_URL_INVALID.
 * @throws {ConfigError} SALLYPORT_NOT_FOUND where there is no such bookmark.
 */
export async function namedPlace(text: string): Promise<NamedPlace> {
  if (text.startsWith("@")) return bookmarkedPlace(text.slice(1));
  const url = parseFtpUrl(text);
  if (isUrlFailure(url)) throw new UsageError("SALLYPORT_URL_INVALID", url.failure);
  return { url };
}

/** Titles have slashes where bookmarks lie in folders: the longest title that fits counts. */
async function bookmarkedPlace(text: string): Promise<NamedPlace> {
  const file = bookmarkFile(bookmarksPath());
  for (let end = text.length; end > 0; end = text.lastIndexOf("/", end - 1)) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const bookmark = await file.find(text.slice(0, end));
    if (bookmark === undefined) continue;
    const url = bookmarkUrl(bookmark);
    const path = text.slice(end + 1);
    const isDirectory = path === "" || path.endsWith("/");
    return { bookmark, url: { ...url, path: placeBelow(url.path, path), isDirectory } };
  }
  throw new ConfigError(
    "SALLYPORT_NOT_FOUND",
    `There is no bookmark ${quotedName(text.split("/")[0] ?? "")}; "sallyport bookmark list" shows those there are`,
  );
}

function placeBelow(directory: string, path: string): string {
  if (path.startsWith("/")) return path.length > 1 ? path.replace(/\/+$/, "") : path;
  const trimmed = path.replace(/\/+$/, "");
  return trimmed === "" ? directory : childOf(directory, trimmed);
}
