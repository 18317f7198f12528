import { buildCommand, buildRouteMap } from "@stricli/core";
import { addBookmark, type BookmarkAddFlags } from "../client/bookmarks.ts";
import { bookmarkCommands } from "../commands/bookmark.ts";
import { parseText, switchFlag } from "../flags.ts";
import { pathUrl } from "./place.ts";
import type { ShellContext } from "./shell-context.ts";

const add = buildCommand({
  docs: { brief: "Keep a place under a name: the one where you are, or that of a URL" },
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "Name of the bookmark, with its folders: work/ftp", placeholder: "NAME", parse: parseText },
        { brief: "ftp://, ftps:// or ftpes:// and where to", placeholder: "URL", parse: parseText, optional: true },
      ],
    },
    flags: { replace: switchFlag("Take the place of a bookmark of the same name"), json: switchFlag("Write JSON") },
  },
  async func(this: ShellContext, flags: BookmarkAddFlags, name: string, url?: string) {
    await addBookmark(this, flags, name, url ?? pathUrl(".", this.job.place));
  },
});

const ofCommandLine = bookmarkCommands.getAllEntries().filter(({ name }) => name.original !== "add");

/** `bookmark`, which knows where one is. */
export const shellBookmarkCommands = buildRouteMap({
  routes: { add, ...Object.fromEntries(ofCommandLine.map(({ name, target }) => [name.original, target])) },
  docs: { brief: "Keep places on servers under names, for open @NAME" },
});
