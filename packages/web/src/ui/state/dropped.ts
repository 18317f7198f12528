import { signal } from "@preact/signals";
import { childPath, parentPath } from "../paths.ts";
import { serverOf } from "./login.ts";
import { reloadWhere } from "./panes.ts";
import type { Place } from "./carried.ts";
import { enqueueUploads } from "./queue.ts";

/** How many files a walk through dropped folders has found so far; undefined while there is none. */
export const walkCount = signal<number | undefined>(undefined);

/** Uploads what was dropped, folders with everything in them. */
export async function takeDrop(items: DataTransferItemList, place: Place): Promise<void> {
  // The list is empty once this turn is over.
  const dropped = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (dropped.length === 0) return;
  const found: { file: File; path: string }[] = [];
  const directories: string[] = [];
  walkCount.value = 0;
  try {
    for (const entry of dropped) await walk(entry, place.directory, { found, directories });
  } finally {
    walkCount.value = undefined;
  }
  await uploadTree(place, found, directories);
}

/** Uploads what was chosen with a dialog of the browser; files of a folder know their way in it. */
export async function takeChosen(files: readonly File[], place: Place): Promise<void> {
  const { directory } = place;
  const found = files.map((file) => {
    const below = file.webkitRelativePath === "" ? file.name : file.webkitRelativePath;
    return { file, path: childPath(directory, below) };
  });
  const directories = new Set<string>();
  for (const { path } of found) {
    for (let above = parentPath(path); above.length > Math.max(1, directory.length); above = parentPath(above))
      directories.add(above);
  }
  await uploadTree(place, found, [...directories].toSorted());
}

async function uploadTree(
  { login, directory }: Place,
  files: readonly { readonly file: File; readonly path: string }[],
  directories: readonly string[],
): Promise<void> {
  const server = serverOf(login);
  // What is there already is as good as made.
  for (const path of directories) await server.makeDirectory(path).catch(() => {});
  if (directories.length > 0) reloadWhere(login.id, directory);
  enqueueUploads(login, files);
}

interface Walked {
  readonly found: { file: File; path: string }[];
  readonly directories: string[];
}

async function walk(entry: FileSystemEntry, parent: string, walked: Walked): Promise<void> {
  const path = childPath(parent, entry.name);
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    walked.found.push({ file, path });
    walkCount.value = walked.found.length;
    return;
  }
  if (!isDirectory(entry)) return;
  walked.directories.push(path);
  const reader = entry.createReader();
  for (;;) {
    const piece = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (piece.length === 0) return;
    for (const child of piece) await walk(child, path, walked);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
