import { isUrlFailure, parseFtpUrl } from "../url/ftp-url.ts";
import { type FoundBookmarks, bookmarkParser, type ImportFailure, known, tidyName } from "./bookmark.ts";

/**
 * Reads the bookmarks of lftp (`~/.local/share/lftp/bookmarks` or `~/.lftp/bookmarks`, version 4.9 looked at): a name, a
 * tab, a URL in each line. URLs of other protocols are skipped.
 */
export const parseLftpBookmarks = bookmarkParser(readLines);

function readLines(text: string, { bookmarks, skipped, passwords }: FoundBookmarks): ImportFailure | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  for (const line of lines) {
    const [, name = "", address = ""] = /^(\S+)\s+(\S.*)$/.exec(line.trim()) ?? [];
    if (name === "") return { failure: "The file holds a line that is no bookmark of lftp." };
    const url = parseFtpUrl(address);
    if (isUrlFailure(url)) {
      skipped.push({ name: tidyName(name, "?"), reason: url.failure });
      continue;
    }
    const { host, security, port, user } = url;
    const password = passwords ? url.password : undefined;
    const remoteDirectory = url.path === "" ? undefined : url.path;
    const optional = known({ port, user, password, remoteDirectory });
    bookmarks.push({ name: tidyName(name, "?"), folder: [], host, security, ...optional, warnings: [] });
  }
  return undefined;
}
