import type { Octets } from "../octets.ts";
import { type EntryName, entryName, makeEntry, type ParsedEntry } from "./entry.ts";

/**
 * Reads one line of NLST: the name as it is, every octet of it. Servers send names, or paths below the argument that
 * they were given (R-LIST-01), so that a line with `/` is a path and has no component. Undefined for an empty line and
 * for what `ls` says instead of a listing.
 */
export function parseNameLine(line: Octets): ParsedEntry | undefined {
  if (line === "" || (isComplaint(line) && complaint.test(line.slice(-64)))) return undefined;
  return makeEntry("names", line, { name: line });
}

/** The last component of a path that NLST named; undefined where it is none. */
export function componentOfPath(path: Octets): EntryName | undefined {
  return entryName(path.slice(path.lastIndexOf("/") + 1) as Octets);
}

const complaint = /: (?:No such file|Permission denied|Not a directory|No match|not found|Input\/output error)/i;

/** `ls: x: No such file or directory` on the data connection, where the server runs ls. */
export function isComplaint(line: string): boolean {
  const start = line.slice(0, 64);
  return /^(?:\/\S{0,40}\/)?ls: /.test(start) && line.indexOf(": ", 4) >= 0;
}
