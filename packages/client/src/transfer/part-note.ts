import { limits } from "@sallyport/protocol";
import { createHash } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileSystemPath } from "../names/local-name.ts";
import type { ByteRange } from "./ranges.ts";
import type { RemoteFacts } from "./remote-facts.ts";

/** Of which file a kept part is a part: on which server, by which path, and which version. */
export interface PartOrigin extends RemoteFacts {
  /** `user@host:port`. */
  readonly server: string;
  /** In octets. */
  readonly path: string;
}

/** Where the part of a download is kept, and beside it the note that says what it is a part of. */
export interface PartPaths {
  readonly part: string;
  readonly note: string;
}

/** The same for every download of that file of that server to that name, so that a later one finds it. */
export function partPaths(local: string, { server, path }: Pick<PartOrigin, "server" | "path">): PartPaths {
  const name = basename(local);
  const mark = createHash("sha256").update(`${server}\0${path}\0${name}`).digest("hex").slice(0, 8);
  const beginning = join(dirname(local), `.${name.slice(0, 50)}`);
  return { part: `${beginning}.sallyport-part-${mark}`, note: `${beginning}.ranges.sallyport-part-${mark}` };
}

/** What is there of the part, or undefined where the note is of another file, or of another version of it. */
export async function readNote(path: string, origin: PartOrigin): Promise<readonly ByteRange[] | undefined> {
  try {
    await using handle = await open(fileSystemPath(path), "r");
    if ((await handle.stat()).size > limits.partRecordBytes.value) return undefined;
    const note: unknown = JSON.parse(await handle.readFile("utf8"));
    return isNote(note) && isSameOrigin(note, origin) ? note.ranges : undefined;
  } catch {
    return undefined;
  }
}

/** Readers see the old note or the new. */
export async function writeNote(path: string, origin: PartOrigin, ranges: readonly ByteRange[]): Promise<void> {
  const { server, path: remote, size, modifiedMs } = origin;
  const temporary = fileSystemPath(`${path}-new`);
  await writeFile(temporary, `${JSON.stringify({ version: 1, server, path: remote, size, modifiedMs, ranges })}\n`);
  await rename(temporary, fileSystemPath(path));
}

export async function removeNote(path: string): Promise<void> {
  await rm(fileSystemPath(path), { force: true }).catch(() => {});
  await rm(fileSystemPath(`${path}-new`), { force: true }).catch(() => {});
}

interface Note extends PartOrigin {
  readonly ranges: readonly ByteRange[];
}

function isNote(value: unknown): value is Note {
  if (typeof value !== "object" || value === null) return false;
  const { version, ranges } = value as { readonly version?: unknown; readonly ranges?: unknown };
  if (version !== 1 || !Array.isArray(ranges)) return false;
  let at = -1;
  return ranges.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== 2) return false;
    const [first, end] = range as unknown[];
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(end)) return false;
    const isInOrder = (first as number) > at && (end as number) > (first as number);
    at = end as number;
    return isInOrder;
  });
}

/** A server that tells neither size nor time proves nothing. */
function isSameOrigin(note: Note, { server, path, size, modifiedMs }: PartOrigin): boolean {
  if (note.server !== server || note.path !== path || (size === undefined && modifiedMs === undefined)) return false;
  return note.size === size && note.modifiedMs === modifiedMs;
}
