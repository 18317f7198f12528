import { UsageError, limits } from "@sallyport/protocol";
import { jsonFile } from "../store/json-file.ts";
import { type Bookmark, bookmarkTitle, tooManyBookmarks } from "./bookmark.ts";

/** The user's own bookmarks. */
export interface BookmarkFile {
  /** All of them, in the order of their titles. */
  list(): Promise<readonly Bookmark[]>;
  /** The one of a title (`folder/name`), or the only one of that name in any folder. */
  find(title: string): Promise<Bookmark | undefined>;
  /**
   * Adds bookmarks, all or none. Passwords are kept, in clear, only where `keepsPasswords` says so.
   *
   * @throws {UsageError} SALLYPORT_BOOKMARK_EXISTS when one has the title of another and `replaces` is not set,
   * SALLYPORT_BOOKMARKS_TOO_MANY.
   */
  add(bookmarks: readonly Bookmark[], options?: AddOptions): Promise<void>;
  /** Removes the one of a title; false where there is none. */
  remove(title: string): Promise<boolean>;
}

export interface AddOptions {
  readonly replaces?: boolean;
  readonly keepsPasswords?: boolean;
}

/**
 * Keeps bookmarks in a JSON file that its owner alone can read; see `jsonFile` for how it is written and what else its
 * methods reject with.
 */
export function bookmarkFile(path: string): BookmarkFile {
  const file = jsonFile<readonly Bookmark[]>(path, { empty: [], parse: parseBookmarks, what: "bookmarks" });
  return {
    list: () => file.read(),
    find: async (title) => {
      const bookmarks = await file.read();
      const ofName = bookmarks.filter(({ name }) => name === title);
      return bookmarks.find((one) => bookmarkTitle(one) === title) ?? (ofName.length === 1 ? ofName[0] : undefined);
    },
    add: async (bookmarks, options = {}) => {
      await file.update((kept) => added(kept, bookmarks, options));
    },
    remove: async (title) => {
      let isFound = false;
      await file.update((kept) => {
        const left = kept.filter((one) => bookmarkTitle(one) !== title);
        isFound = left.length < kept.length;
        return isFound ? left : kept;
      });
      return isFound;
    },
  };
}

function added(
  kept: readonly Bookmark[],
  bookmarks: readonly Bookmark[],
  { replaces = false, keepsPasswords = false }: AddOptions,
): readonly Bookmark[] {
  const byTitle = new Map(kept.map((one) => [bookmarkTitle(one), one]));
  for (const bookmark of bookmarks) {
    const title = bookmarkTitle(bookmark);
    if (byTitle.has(title) && !replaces) {
      throw new UsageError("SALLYPORT_BOOKMARK_EXISTS", `There is a bookmark ${JSON.stringify(title)} already.`);
    }
    const { password, ...rest } = bookmark;
    byTitle.set(title, keepsPasswords && password !== undefined ? { ...rest, password } : rest);
  }
  if (byTitle.size > limits.importedBookmarksCount.value) {
    throw new UsageError("SALLYPORT_BOOKMARKS_TOO_MANY", tooManyBookmarks);
  }
  return [...byTitle.entries()].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, bookmark]) => bookmark);
}

function parseBookmarks(value: unknown): readonly Bookmark[] | undefined {
  return Array.isArray(value) && value.every(isBookmark) ? value : undefined;
}

function isBookmark(value: unknown): value is Bookmark {
  if (typeof value !== "object" || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const isTextList = (list: unknown): boolean => Array.isArray(list) && list.every((one) => typeof one === "string");
  const { port, security, dataMode } = fields;
  return (
    ["name", "host"].every((name) => typeof fields[name] === "string") &&
    optionalTexts.every((name) => fields[name] === undefined || typeof fields[name] === "string") &&
    (port === undefined || (typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= 65_535)) &&
    (security === "auto" || security === "explicit" || security === "implicit") &&
    (dataMode === undefined || dataMode === "passive" || dataMode === "active") &&
    isTextList(fields["folder"]) &&
    isTextList(fields["warnings"])
  );
}

const optionalTexts = ["user", "password", "charset", "remoteDirectory", "notes"] as const;
