import { displayOctets, type Octets } from "@sallyport/protocol";

import { StorageError, type StorageErrorKind } from "../storage-error.ts";

/**
 * Turns whatever a file call threw into the one error that a storage may raise; an error that is one already passes.
 * The text names the virtual path, never the place on the server's disk.
 */
export function storageErrorFrom(cause: unknown, path: Octets): StorageError {
  if (cause instanceof StorageError) return cause;
  const code = errnoOf(cause);
  const kind = kindByErrno[code] ?? "failed";
  const words = kind.replaceAll("-", " ");
  return new StorageError(kind, `${displayOctets(path)}: ${words}${code === "" ? "" : ` (${code})`}`, { cause });
}

/** The errno name of a failed file call; empty for anything else. */
export function errnoOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

const kindByErrno: Readonly<Record<string, StorageErrorKind>> = {
  ENOENT: "not-found",
  EEXIST: "exists",
  ENOTDIR: "not-a-directory",
  EISDIR: "is-a-directory",
  ENOTEMPTY: "not-empty",
  EACCES: "denied",
  EPERM: "denied",
  ELOOP: "denied",
  ENXIO: "denied",
  ENODEV: "denied",
  EROFS: "read-only",
  ENAMETOOLONG: "name-not-allowed",
  EILSEQ: "name-not-allowed",
  EINVAL: "name-not-allowed",
  ENOSPC: "no-space",
  EFBIG: "no-space",
  EMLINK: "no-space",
  EDQUOT: "quota-exceeded",
  EBUSY: "busy",
  EAGAIN: "busy",
  ETXTBSY: "busy",
  EMFILE: "too-many-open-files",
  ENFILE: "too-many-open-files",
  EXDEV: "unsupported",
  ENOTSUP: "unsupported",
  EOPNOTSUPP: "unsupported",
  ENOSYS: "unsupported",
};
