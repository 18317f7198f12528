import type { Octets } from "./octets.ts";

/** The argument of XCRC, XMD5, XSHA1, XSHA256 and XSHA512; both ends are inclusive, absent means the whole file. */
export interface DigestArgument {
  readonly pathname: Octets;
  readonly first?: number;
  readonly last?: number;
}

/**
 * Reads `path`, `"path"`, `path start end` or `"path" start end`; quotes inside quotes may be doubled. `end` is
 * exclusive, as in ProFTPD's mod_digest. A single number is no range, because servers differ on whether it is the start
 * or the end: after quotes it is an error, without quotes it is part of the name, as is everything after a name of
 * several words. Undefined for a missing path, a range that is empty or beyond 2^53 (R-XSUM-01).
 */
export function parseDigestArgument(argument: Octets): DigestArgument | undefined {
  const quoted = /^"(.+)"(?: +(\d+) +(\d+))? *$/s.exec(argument);
  const match = quoted ?? /^([^ "]+)(?: +(\d+) +(\d+)) *$/s.exec(argument);
  if (match === null) {
    const isBroken = argument === "" || argument === '""' || /^".*" +\d+ *$/s.test(argument);
    return isBroken ? undefined : { pathname: argument };
  }
  const [, name = "", start, end] = match;
  const pathname = (quoted === null ? name : name.replaceAll('""', '"')) as Octets;
  if (start === undefined || end === undefined) return { pathname };
  const [first, last] = [Number(start), Number(end) - 1];
  return first <= last && Number.isSafeInteger(last + 1) ? { pathname, first, last } : undefined;
}

/** Names of the IANA registry "Hash Function Textual Names", and CRC32, which is not in it but asked for by clients. */
export const hashAlgorithmNames = ["SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32"] as const;

export type HashAlgorithmName = (typeof hashAlgorithmNames)[number];

/** Finds the algorithm that OPTS HASH names, in any case; undefined for unknown ones (draft-bryan-ftpext-hash §3.2). */
export function findHashAlgorithm(name: string): HashAlgorithmName | undefined {
  const wanted = name.toUpperCase();
  return hashAlgorithmNames.find((known) => known === wanted);
}

/** What reply 213 to HASH says; both ends as the server gave them. */
export interface HashReply {
  readonly algorithm: string;
  readonly first: bigint;
  readonly last: bigint;
  /** Lower case. */
  readonly digestHex: string;
  readonly pathname: Octets;
}

/**
 * Reads the text of reply 213 to HASH: `SHA-256 0-49 169c… path`. Whether algorithm and range are those that were
 * asked for is for the caller to judge (R-HASH-02). Undefined where the form is another.
 */
export function parseHashReply(text: Octets): HashReply | undefined {
  const match = /^([A-Za-z0-9_/.,-]{1,32}) (\d{1,19})-(\d{1,19}) ((?:[0-9A-Fa-f]{2}){1,64}) (.+)$/s.exec(text);
  if (match === null) return undefined;
  const [, algorithm = "", first = "", last = "", digestHex = "", pathname = ""] = match;
  return {
    algorithm,
    first: BigInt(first),
    last: BigInt(last),
    digestHex: digestHex.toLowerCase(),
    pathname: pathname as Octets,
  };
}
