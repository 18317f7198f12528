import { type Octets, parseEntryLine, parseTimeValue } from "@sallyport/protocol";
import type { ClientConnection, RequestOptions } from "../connection/client-connection.ts";
import { type RawEntry, rawEntryOfFacts, sizeFromText } from "../listing/entry.ts";
import { baseName } from "../names/remote-path.ts";
import { isAboutPath, refusalOf, unlessRefused } from "./refusal.ts";
import { workingDirectory } from "./working-directory.ts";

/**
 * Tells what a path is: by MLST, otherwise by what SIZE, MDTM and CWD answer.
 *
 * @throws {CommandRefused} with the server's reply where there is no such path, or it may not be seen
 */
export async function stat(connection: ClientConnection, path: Octets, options: RequestOptions): Promise<RawEntry> {
  if (connection.features.has("MLST")) return statByFacts(connection, path, options);
  return statByProbes(connection, path, options);
}

/** Whether there is something at a path that this login may see. */
export async function exists(connection: ClientConnection, path: Octets, options: RequestOptions): Promise<boolean> {
  try {
    await stat(connection, path, options);
    return true;
  } catch (error) {
    if (isAboutPath(error)) return false;
    throw error;
  }
}

/** The size of a file in octets, as SIZE tells it in TYPE I; undefined where the server does not say. */
export async function sizeOf(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<number | bigint | undefined> {
  if (connection.features.size > 0 && !connection.features.has("SIZE")) return undefined;
  const reply = await unlessRefused(connection.command("SIZE", path, options));
  // Some servers put words before the number.
  const digits = /(\d{1,30})\s*$/.exec(reply?.lines.at(-1) ?? "")?.[1];
  return digits === undefined ? undefined : sizeFromText(digits);
}

async function statByFacts(connection: ClientConnection, path: Octets, options: RequestOptions): Promise<RawEntry> {
  const { lines } = await connection.command("MLST", path === "" ? undefined : path, options);
  for (const line of lines.slice(1, -1)) {
    // One space stands in front of the facts (RFC 3659 §7.2), and some servers leave it out.
    const listed = parseEntryLine((line.startsWith(" ") ? line.slice(1) : line) as Octets);
    if (listed === undefined) continue;
    const type = listed.type === "cdir" || listed.type === "pdir" ? "dir" : listed.type;
    const entry = rawEntryOfFacts({ ...listed, name: baseName(path), ...(type && { type }) });
    if (entry !== undefined) return entry;
  }
  return statByProbes(connection, path, options);
}

async function statByProbes(connection: ClientConnection, path: Octets, options: RequestOptions): Promise<RawEntry> {
  const name = baseName(path);
  const size = await sizeOf(connection, path, options);
  const changed = await unlessRefused(connection.command("MDTM", path, options));
  const modifiedMs = parseTimeValue(/\d{14}(?:\.\d+)?/.exec(changed?.lines.at(-1) ?? "")?.[0] ?? "");
  const modified =
    modifiedMs === undefined
      ? {}
      : { modified: { instant: new Date(modifiedMs), precision: "second", zone: "utc" } as const };
  if (size !== undefined) return { name, type: "file", size, ...modified };
  const refusal = await isDirectory(connection, path, options);
  if (refusal === undefined) return { name, type: "directory", ...modified };
  if (modifiedMs !== undefined) return { name, type: "file", size: undefined, ...modified };
  throw refusal;
}

/** Undefined where CWD leads there; otherwise the server's refusal. The working directory is put back. */
export async function isDirectory(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<Error | undefined> {
  const home = await workingDirectory(connection, options);
  try {
    await connection.command("CWD", path === "" ? ("." as Octets) : path, options);
  } catch (error) {
    if (error instanceof Error && refusalOf(error) !== undefined) return error;
    throw error;
  }
  // Not to be aborted: every later relative path depends on it.
  if (home !== undefined) await connection.command("CWD", home);
  return undefined;
}
