import { isSallyportError } from "@sallyport/protocol";
import { refusalOf } from "../operations/refusal.ts";
import { errorCode } from "../store/file-lock.ts";

/**
 * Whether a failure is one of the whole mirror and not of a file: no room on either side, no way to the server, a login
 * or certificate that is refused, a bug.
 */
export function isFatal(error: unknown): boolean {
  const reply = refusalOf(error);
  if (reply !== undefined) return fatalReplies.has(reply.code);
  if (!isSallyportError(error)) return !ofOneFile.has(errorCode(error));
  return !/^SALLYPORT_(?:DATA|SOURCE|INTEGRITY|FORBIDDEN|NAME|LINK|TIME|HASH|RESTART|DIRECTORY)_/.test(error.code);
}

/** Closing, no storage (RFC 959 §4.2), not logged in. */
const fatalReplies: ReadonlySet<number> = new Set([421, 452, 552, 530, 532]);

/** Of the file system. */
const ofOneFile: ReadonlySet<string> = new Set(
  "EACCES EPERM ENOENT ENOTDIR EISDIR EEXIST ENOTEMPTY ENAMETOOLONG ELOOP EBUSY ETXTBSY EINVAL EILSEQ EFBIG".split(" "),
);
