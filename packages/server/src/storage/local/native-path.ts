import type { Octets } from "@sallyport/protocol";

/** A path for `node:fs`: a plain string while it is ASCII, bytes otherwise, so that no name is ever re-encoded. */
export type NativePath = string | Buffer;

/** Joins a directory (octets, ends with `/`) and a name into a path that holds exactly these octets. */
export function nativePath(directory: string, name: Octets): NativePath {
  const path = directory + name;
  return asciiOnly.test(path) ? path : Buffer.from(path, "latin1");
}

// oxlint-disable-next-line no-control-regex -- ASCII begins at NUL
const asciiOnly = /^[\x00-\x7F]*$/;
