import { type PathFailure, reply, type Reply, type Verb } from "@sallyport/protocol";
import type { StorageErrorKind } from "@sallyport/server/storage";

/** Verbs that give a name to something: what is wrong with the name is 553 there (RFC 959 §5.4). */
const namingVerbs: ReadonlySet<Verb> = new Set(["STOR", "STOU", "APPE", "RNTO"]);

/** The reply for each kind of storage error; `naming` where the verb gives a name. Texts tell nothing of the host. */
const replies: Readonly<
  Record<StorageErrorKind, { readonly code: number; readonly naming?: number; readonly text: string }>
> = {
  "not-found": { code: 550, text: "No such file or directory." },
  exists: { code: 550, naming: 553, text: "That name exists already." },
  "not-a-directory": { code: 550, naming: 553, text: "Not a directory." },
  "is-a-directory": { code: 550, naming: 553, text: "That is a directory." },
  "not-empty": { code: 550, text: "The directory is not empty." },
  denied: { code: 550, naming: 553, text: "Permission denied." },
  "read-only": { code: 550, naming: 553, text: "This area is read-only." },
  "name-not-allowed": { code: 550, naming: 553, text: "That name is not allowed." },
  "no-space": { code: 452, text: "No space left." },
  "quota-exceeded": { code: 552, text: "The quota is used up." },
  busy: { code: 450, text: "The file is busy; try again later." },
  "too-many-open-files": { code: 450, text: "The server is busy; try again later." },
  incomplete: { code: 550, text: "That upload is not complete." },
  "not-seekable": { code: 554, text: "That file cannot be entered at an offset." },
  "out-of-range": { code: 554, text: "The restart offset lies beyond the end of the file." },
  unsupported: { code: 550, naming: 553, text: "The storage cannot do that." },
  failed: { code: 451, text: "The storage failed." },
};

export function replyForStorageError(kind: StorageErrorKind, verb: Verb): Reply {
  const row = replies[kind];
  return reply(namingVerbs.has(verb) ? (row.naming ?? row.code) : row.code, row.text);
}

const pathFailureTexts: Readonly<Record<PathFailure, string>> = {
  "forbidden-character": "CR, LF and NUL cannot be part of a name.",
  "component-too-long": "A name has at most 255 octets.",
  "too-long": "The path is too long.",
};

export function replyForPathFailure(failure: PathFailure, verb: Verb): Reply {
  return reply(namingVerbs.has(verb) ? 553 : 550, pathFailureTexts[failure]);
}
