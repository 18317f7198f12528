import { buildCommand, buildRouteMap, type CommandContext } from "@stricli/core";
import { parseText, switchFlag } from "../flags.ts";
import type { BookmarkFlags, BookmarkAddFlags, BookmarkImportFlags } from "../client/bookmarks.ts";

const nameParameter = {
  brief: "Name of the bookmark, with its folders: work/ftp",
  placeholder: "NAME",
  parse: parseText,
} as const;
const json = switchFlag("Write JSON");
const replace = switchFlag("Take the place of a bookmark of the same name");

const add = buildCommand({
  docs: {
    brief: "Keep a place on a server under a name",
    fullDescription: [
      "Keeps where the URL leads. A password in it is not kept.",
      "",
      "  sallyport bookmark add work ftpes://alice@ftp.example.org/www",
      "  sallyport ls @work",
      "  sallyport put site/ @work/2026/ --recursive",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        nameParameter,
        { brief: "ftp://, ftps:// or ftpes:// and where to", placeholder: "URL", parse: parseText },
      ],
    },
    flags: { replace, json },
  },
  async func(this: CommandContext, flags: BookmarkAddFlags, name: string, url: string) {
    const { addBookmark } = await import("../client/bookmarks.ts");
    await addBookmark(this, flags, name, url);
  },
});

const list = buildCommand({
  docs: { brief: "List the bookmarks" },
  parameters: { flags: { json } },
  async func(this: CommandContext, flags: BookmarkFlags) {
    const { listBookmarks } = await import("../client/bookmarks.ts");
    await listBookmarks(this, flags);
  },
});

const remove = buildCommand({
  docs: { brief: "Forget a bookmark" },
  parameters: { positional: { kind: "tuple", parameters: [nameParameter] }, flags: { json } },
  async func(this: CommandContext, flags: BookmarkFlags, name: string) {
    const { removeBookmark } = await import("../client/bookmarks.ts");
    await removeBookmark(this, flags, name);
  },
});

const importCommand = buildCommand({
  docs: {
    brief: "Take over the bookmarks of another program",
    fullDescription: [
      "Reads FileZilla's sitemanager.xml or its export, WinSCP.ini, or lftp's bookmarks. What speaks SFTP or another protocol",
      "is left out and named; plain FTP becomes FTP with TLS.",
      "",
      "  sallyport bookmark import ~/.config/filezilla/sitemanager.xml",
      "  sallyport bookmark import ~/.local/share/lftp/bookmarks",
    ].join("\n"),
  },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{ brief: "The other program's file", placeholder: "FILE", parse: parseText }],
    },
    flags: {
      format: {
        kind: "enum",
        values: ["filezilla", "winscp", "lftp"],
        brief: "Which program wrote it (default: as it looks)",
        optional: true,
      },
      passwords: switchFlag("Take over passwords, too, and keep them readable for you alone, but in clear"),
      replace,
      json,
    },
  },
  async func(this: CommandContext, flags: BookmarkImportFlags, file: string) {
    const { importBookmarks } = await import("../client/bookmarks.ts");
    await importBookmarks(this, flags, file);
  },
});

export const bookmarkCommands = buildRouteMap({
  routes: { add, list, remove, import: importCommand },
  docs: { brief: "Keep places on servers under names: @NAME stands for one in place of a URL" },
});
