import { type ListedTime, type Octets, parseListingLine } from "@sallyport/protocol";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RequestOptions } from "../connection/connection-options.ts";
import { type RawEntry, sizeFromText } from "../listing/entry.ts";
import { baseName } from "../names/remote-path.ts";
import { directoryCommand } from "./directory-command.ts";
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
  // SIZE tells what would be sent, which nobody knows of what is compressed (RFC 3659 §4).
  if (connection.isDeflating) {
    const entry = await listedFacts(connection, path, options);
    if (entry?.size !== undefined) return entry.size;
  }
  if (connection.features.size > 0 && !connection.features.has("SIZE")) return undefined;
  const reply = await unlessRefused(connection.command("SIZE", path, { ...options, type: "I" }));
  // Some servers put words before the number.
  const digits = /(\d{1,30})\s*$/.exec(reply?.lines.at(-1) ?? "")?.[1];
  return digits === undefined ? undefined : sizeFromText(digits);
}

/** What MLST tells of a file; undefined where the server does not know it, or does not answer for this path. */
export async function listedFacts(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<RawEntry | undefined> {
  return connection.features.has("MLST") ? unlessRefused(factsOf(connection, path, options)) : undefined;
}

async function statByFacts(connection: ClientConnection, path: Octets, options: RequestOptions): Promise<RawEntry> {
  return (await factsOf(connection, path, options)) ?? statByProbes(connection, path, options);
}

async function factsOf(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<RawEntry | undefined> {
  const { lines } = await connection.command("MLST", path === "" ? undefined : path, options);
  for (const line of lines.slice(1, -1)) {
    // One space stands in front of the facts (RFC 3659 §7.2), and some servers leave it out.
    const entry = parseListingLine((line.startsWith(" ") ? line.slice(1) : line) as Octets, { isMlsx: true });
    if (entry !== undefined) return { ...entry, name: baseName(path) };
  }
  return undefined;
}

async function statByProbes(connection: ClientConnection, path: Octets, options: RequestOptions): Promise<RawEntry> {
  const name = baseName(path);
  const size = await sizeOf(connection, path, options);
  const time = await timeOf(connection, path, options);
  if (size !== undefined) return { name, type: "file", size, time };
  const refusal = await isDirectory(connection, path, options);
  if (refusal === undefined) return { name, type: "directory", time };
  if (time !== undefined) return { name, type: "file", time };
  throw refusal;
}

/** When a path was changed, as MDTM tells it (RFC 3659 §3); undefined where the server does not say. */
export async function timeOf(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<ListedTime | undefined> {
  const reply = await unlessRefused(connection.command("MDTM", path, options));
  const value = /\d{14}(?:\.\d+)?/.exec(reply?.lines.at(-1) ?? "")?.[0];
  if (value === undefined) return undefined;
  return parseListingLine(`modify=${value}; x` as Octets, { isMlsx: true })?.time;
}

/** Undefined where CWD leads there; otherwise the server's refusal. The working directory is put back. */
export async function isDirectory(
  connection: ClientConnection,
  path: Octets,
  options: RequestOptions,
): Promise<Error | undefined> {
  const home = await workingDirectory(connection, options);
  try {
    // Neither this nor the way back is aborted: every later relative path depends on it.
    await directoryCommand(connection, "CWD", path === "" ? ("." as Octets) : path);
  } catch (error) {
    if (error instanceof Error && refusalOf(error) !== undefined) return error;
    throw error;
  }
  if (home !== undefined) await directoryCommand(connection, "CWD", home);
  return undefined;
}
