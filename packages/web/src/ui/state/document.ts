import type { EntryJson } from "../../api/api.ts";
import { Problem, readStart, sendUpload } from "../gateway-client.ts";
import { serverOf } from "./login.ts";
import type { Viewed } from "./viewer.ts";

/** A text of a server, as it was when it was read. */
export interface Document {
  readonly text: string;
  /** Whether there is more, which is not here. */
  readonly isCut: boolean;
  /** Why it cannot be changed here. */
  readonly isReadOnlyFor: "cut" | "encoding" | "binary" | undefined;
  readonly version: Version;
}

/** By what a change of another's is noticed. */
export type Version = Pick<EntryJson, "size" | "modified" | "mode">;

/** As much of a text is shown, and can be changed. */
export const documentBytes = 2 * 1024 * 1024;

/** Reads a text: UTF-8, or else as ISO 8859-1, which shows everything and changes nothing. */
export async function readDocument({ login, path }: Viewed): Promise<Document> {
  const server = serverOf(login);
  const version = await server.stat(path);
  const { url } = await server.download(path, true);
  const { bytes, isWhole } = await readStart(url, documentBytes);
  const isBinary = bytes.subarray(0, 8192).includes(0);
  const { text, isUtf8 } = textOf(bytes, isWhole);
  const isReadOnlyFor = isBinary ? "binary" : !isUtf8 ? "encoding" : isWhole ? undefined : "cut";
  return { text, isCut: !isWhole, isReadOnlyFor, version };
}

/** What became of the file on the server since it was read; rejects where the server does not tell. */
export async function fateOf(file: Viewed, { version, text }: Document): Promise<"unchanged" | "changed" | "deleted"> {
  const server = serverOf(file.login);
  const now = await server.stat(file.path).catch((error: unknown) => {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  });
  if (now === undefined) return "deleted";
  if (now.size !== version.size || now.modified !== version.modified) return "changed";
  // Times have steps of a second, or of a minute: a change as long as what it replaces shows in the content alone.
  const { url } = await server.download(file.path, true);
  const { bytes } = await readStart(url, documentBytes);
  return textOf(bytes, true).text === text ? "unchanged" : "changed";
}

/** Puts a text in place of a file: the old one stays until the new one is whole. Returns what is there then. */
export async function saveDocument(file: Viewed, path: string, text: string): Promise<Document> {
  const server = serverOf(file.login);
  const content = new Blob([text]);
  const facts = { path, sizeBytes: content.size, modifiedMs: Date.now() };
  const begun = await server.beginUpload({ ...facts, onConflict: "overwrite" });
  if (begun.kind !== "ready" || !(await sendUpload(begun.url, begun.offset, content)))
    throw new Error("the upload did not become whole");
  const { mode } = file.entry;
  const version = await server.stat(path);
  // A new file has the permissions of new files; servers without CHMOD leave it at that.
  if (mode !== undefined && version.mode !== undefined && mode !== version.mode && path === file.path)
    await server.changeMode(path, mode & 0o777).catch(() => {});
  return { text, isCut: false, isReadOnlyFor: undefined, version: await server.stat(path) };
}

function textOf(bytes: Uint8Array, isWhole: boolean): { readonly text: string; readonly isUtf8: boolean } {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    // A character that was cut at the end is no fault.
    return { text: decoder.decode(bytes, { stream: !isWhole }), isUtf8: true };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), isUtf8: false };
  }
}
