import { signal } from "@preact/signals";
import type { EntryJson, LoginJson } from "../../api/api.ts";
import type { Pane } from "./pane.ts";
import { download } from "./saving.ts";

/** How a file can be shown. */
export type ViewKind = "image" | "audio" | "video" | "pdf" | "markdown" | "text";

export interface Viewed {
  readonly pane: Pane;
  readonly login: LoginJson;
  readonly path: string;
  readonly entry: EntryJson;
  readonly kind: ViewKind;
}

/** The file that is looked at. */
export const viewed = signal<Viewed | undefined>(undefined);

/** Opens a directory, shows a file, or saves one that cannot be shown. A link may be either: it is tried as a directory. */
export function enter(pane: Pane, entry: EntryJson): void {
  const path = pane.pathOf(entry.name);
  if (entry.type === "directory" || entry.type === "link") void pane.open(path);
  else if (!view(pane, entry)) void download(pane, entry.name);
}

/** Shows a file; false where a browser cannot, or must not. */
export function view(pane: Pane, entry: EntryJson, wanted = viewKind(entry)): boolean {
  const login = pane.login.value;
  if (wanted === undefined || login === undefined) return false;
  viewed.value = { pane, login, path: pane.pathOf(entry.name), entry, kind: wanted };
  return true;
}

/** By its name; a server's word about types is not asked for. */
export function viewKind({ name, type }: EntryJson): ViewKind | undefined {
  if (type === "directory") return undefined;
  const lower = name.toLowerCase();
  const ending = /\.([^.]+)$/.exec(lower)?.[1] ?? "";
  return kinds.find(([, endings]) => endings.has(ending))?.[0] ?? (plainNames.test(lower) ? "text" : undefined);
}

const kinds: readonly (readonly [ViewKind, ReadonlySet<string>])[] = [
  ["image", new Set(["avif", "bmp", "gif", "jpeg", "jpg", "png", "webp"])],
  ["audio", new Set(["flac", "m4a", "mp3", "oga", "ogg", "opus", "wav"])],
  ["video", new Set(["mkv", "mov", "mp4", "ogv", "webm"])],
  ["pdf", new Set(["pdf"])],
  ["markdown", new Set(["markdown", "md"])],
  [
    "text",
    new Set(
      "asc bat c cc cfg conf cpp cs css csv diff env go graphql h hpp htm html ics ini java js json jsonl jsx kt less log lua mjs nfo patch php pl properties ps1 py r rb rs rst scala scss sh sql srt svelte svg swift tex toml ts tsv tsx txt vtt vue xhtml xml yaml yml zig".split(
        " ",
      ),
    ),
  ],
];

const plainNames =
  /^(?:\..+rc|\.env.*|\.ht.+|\.git.+|dockerfile|makefile|readme|license|copying|changelog|todo|authors)$/;
