import type { EntryType } from "../entry.ts";

/** The first column of ls. */
export interface Mode {
  readonly type: EntryType;
  /** The nine letters, as far as they are there. */
  readonly permissions: string | undefined;
  /** Undefined where the letters are none of Unix. */
  readonly mode: number | undefined;
  /** The number of links, where it ran into the mark of an access control list. */
  readonly linkCount: number | undefined;
}

/**
 * Reads the mode column: a letter for the type and nine for permissions, with one more for access control lists and
 * the like (`+`, `.`, `@`); without the type (`rw-rw-rw-`, StingRay), without the last letter (`drw-r--rw`), with
 * question marks (GNU ls without stat), or with the flags of Connect:Enterprise (`-C--E-----FTP`). Undefined for any
 * other word.
 */
export function readMode(text: string): Mode | undefined {
  if (text.length < 9 || text.length > 32) return undefined;
  const type = types[text.charAt(0)];
  if (type !== undefined) {
    const letters = lettersAt(text, 1);
    const rest = text.slice(1 + letters);
    if (letters >= 8 && /^[^\w\s]?\d{0,8}$/.test(rest)) {
      const permissions = text.slice(1, 1 + letters).padEnd(9, "-");
      const links = /\d+$/.exec(rest)?.[0];
      return {
        type,
        permissions,
        mode: modeOf(permissions),
        linkCount: links === undefined ? undefined : Number(links),
      };
    }
    if (/^[-d][A-Z-]{9,}$/.test(text)) return { type, permissions: undefined, mode: undefined, linkCount: undefined };
  }
  if (text.charAt(0) === "r" && text.length === 9 && lettersAt(text, 0) === 9) {
    return { type: "file", permissions: text, mode: modeOf(text), linkCount: undefined };
  }
  return undefined;
}

const types: Readonly<Record<string, EntryType>> = {
  "-": "file",
  d: "directory",
  l: "symlink",
  c: "char-device",
  b: "block-device",
  p: "fifo",
  f: "fifo",
  s: "socket",
  // Contiguous files of RTU and MASSCOMP, offline files of Cray and Data Migration.
  C: "file",
  m: "file",
  M: "file",
  // Doors and ports of Solaris, whiteouts of BSD, network special files of HP-UX.
  D: "other",
  P: "other",
  w: "other",
  n: "other",
  "?": "unknown",
};

/** How many letters of permissions follow, nine at most. */
function lettersAt(text: string, start: number): number {
  let count = 0;
  while (count < 9 && permissionLetters.includes(text.charAt(start + count)) && start + count < text.length) count++;
  return count;
}

const permissionLetters = "-rwxsStTlLHEX?";

/** Bits of the nine letters; undefined where one stands at a place that is not its own. */
function modeOf(permissions: string): number | undefined {
  let mode = 0;
  for (let at = 0; at < 9; at++) {
    const bits = placeBits[at]?.[permissions.charAt(at)];
    if (bits === undefined) return undefined;
    mode |= bits;
  }
  return mode;
}

/** What each letter means at each place: s and t share the place of x, upper case where x is missing. */
const placeBits: readonly Readonly<Record<string, number>>[] = [
  { "-": 0, r: 0o400 },
  { "-": 0, w: 0o200 },
  { "-": 0, x: 0o100, s: 0o4100, S: 0o4000 },
  { "-": 0, r: 0o40 },
  { "-": 0, w: 0o20 },
  { "-": 0, x: 0o10, s: 0o2010, S: 0o2000, l: 0o2000, L: 0o2000 },
  { "-": 0, r: 0o4 },
  { "-": 0, w: 0o2 },
  { "-": 0, x: 0o1, t: 0o1001, T: 0o1000 },
];
