import { readFileSync, statSync } from "node:fs";
import {
  bookmarkFile,
  bookmarkTitle,
  bookmarkUrl,
  formatFtpUrl,
  isImportFailure,
  isUrlFailure,
  parseFileZillaSites,
  parseFtpUrl,
  parseLftpBookmarks,
  parseWinScpSites,
  type Bookmark,
} from "@sallyport/client";
import { ConfigError, UsageError } from "@sallyport/protocol";
import type { CommandContext } from "@stricli/core";
import { countText } from "../terminal/quantities.ts";
import { tableLines } from "../terminal/table.ts";
import { jsonText, quotedName, visibleText } from "../terminal/visible-text.ts";
import { bookmarksPath } from "./own-files.ts";
import { surroundingsOf } from "./surroundings.ts";
import { unreadableFile } from "../unreadable-file.ts";

/** Flags of every command below `bookmark`. */
export interface BookmarkFlags {
  readonly json?: boolean;
}

export interface BookmarkAddFlags extends BookmarkFlags {
  readonly replace?: boolean;
}

export interface BookmarkImportFlags extends BookmarkAddFlags {
  readonly format?: "filezilla" | "winscp" | "lftp";
  readonly passwords?: boolean;
}

/** `sallyport bookmark add`. */
export async function addBookmark(
  context: CommandContext,
  flags: BookmarkAddFlags,
  title: string,
  urlText: string,
): Promise<void> {
  const url = parseFtpUrl(urlText);
  if (isUrlFailure(url)) throw new UsageError("SALLYPORT_URL_INVALID", url.failure);
  const names = title.split("/");
  if (names.some((name) => name.trim() === "") || title.startsWith("@")) {
    throw new UsageError("SALLYPORT_USAGE_NAME", "NAME takes a name, with folders before it parted by slashes.");
  }
  const { host, port, user, security, path } = url;
  const bookmark: Bookmark = {
    name: names.at(-1) ?? title,
    folder: names.slice(0, -1),
    host,
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    security,
    ...(path !== "" && { remoteDirectory: path }),
    warnings: [],
  };
  await bookmarkFile(bookmarksPath()).add([bookmark], { replaces: flags.replace === true });
  if (url.password !== undefined) context.process.stderr.write("sallyport: The password in the URL is not kept.\n");
  tell(context, flags, `Added ${visibleText(title)}: use it as @${visibleText(title)}.`, { added: title });
}

/** `sallyport bookmark list`. */
export async function listBookmarks(context: CommandContext, flags: BookmarkFlags): Promise<void> {
  const bookmarks = await bookmarkFile(bookmarksPath()).list();
  if (flags.json === true) {
    const shown = bookmarks.map(({ password, ...bookmark }) => ({
      ...bookmark,
      title: bookmarkTitle(bookmark),
      url: formatFtpUrl(bookmarkUrl(bookmark)),
      hasPassword: password !== undefined,
    }));
    context.process.stdout.write(`${jsonText(shown)}\n`);
    return;
  }
  const rows = bookmarks.map((bookmark) => [
    { text: `@${visibleText(bookmarkTitle(bookmark))}` },
    { text: visibleText(formatFtpUrl(bookmarkUrl(bookmark))) },
    { text: visibleText(bookmark.notes?.split("\n")[0] ?? "") },
  ]);
  const columns = [{ heading: "NAME" }, { heading: "URL", flexibleMin: 20 }, { heading: "NOTES", flexibleMin: 8 }];
  const lines =
    rows.length === 0 ? ["There are no bookmarks."] : tableLines(columns, rows, surroundingsOf(context).drawing());
  context.process.stdout.write(lines.map((line) => `${line}\n`).join(""));
}

/** `sallyport bookmark remove`. */
export async function removeBookmark(context: CommandContext, flags: BookmarkFlags, title: string): Promise<void> {
  if (!(await bookmarkFile(bookmarksPath()).remove(title))) {
    throw new ConfigError(
      "SALLYPORT_BOOKMARK_NOT_FOUND",
      `There is no bookmark ${quotedName(title)}: "sallyport bookmark list" shows those there are.`,
    );
  }
  tell(context, flags, `Removed ${visibleText(title)}.`, { removed: title });
}

/** `sallyport bookmark import`. */
export async function importBookmarks(
  context: CommandContext,
  flags: BookmarkImportFlags,
  file: string,
): Promise<void> {
  const text = readBounded(file);
  const read = readers[flags.format ?? formatOf(text)];
  const result = read(text, { passwords: flags.passwords === true });
  if (isImportFailure(result)) {
    throw new ConfigError("SALLYPORT_BOOKMARKS_UNREADABLE", `${quotedName(file)}: ${result.failure}`);
  }
  const { bookmarks, skipped } = result;
  await bookmarkFile(bookmarksPath()).add(bookmarks, {
    replaces: flags.replace === true,
    keepsPasswords: flags.passwords === true,
  });
  const { stderr } = context.process;
  for (const { name, reason } of skipped)
    stderr.write(`sallyport: Left out ${visibleText(name)}: ${visibleText(reason)}\n`);
  for (const bookmark of bookmarks) {
    for (const warning of bookmark.warnings)
      stderr.write(`sallyport: ${visibleText(bookmarkTitle(bookmark))}: ${visibleText(warning)}\n`);
  }
  const titles = bookmarks.map((bookmark) => bookmarkTitle(bookmark));
  tell(context, flags, `Imported ${countText(titles.length, "bookmark")}.`, { imported: titles, skipped });
}

const readers = { filezilla: parseFileZillaSites, winscp: parseWinScpSites, lftp: parseLftpBookmarks } as const;

/** XML is FileZilla's, sections in brackets are WinSCP's, lines of a name and a URL lftp's. */
function formatOf(text: string): keyof typeof readers {
  if (/^\uFEFF?\s*</.test(text)) return "filezilla";
  return /^\s*\[[^\]\n]+\]\s*$/m.test(text) ? "winscp" : "lftp";
}

const fileBytesMax = 16_777_216;

function readBounded(path: string): string {
  try {
    if (statSync(path).size > fileBytesMax) throw new Error("too large");
    return readFileSync(path, "utf8");
  } catch (error) {
    throw unreadableFile(quotedName(path), error);
  }
}

function tell(context: CommandContext, flags: BookmarkFlags, text: string, json: object): void {
  context.process.stdout.write(`${flags.json === true ? jsonText(json) : text}\n`);
}
