import type { SourceFile } from "./source-files.ts";

/** Words that blur what the RFCs name exactly (docs/reference/glossary.md), banned in the names that we declare. */
const bannedWords: ReadonlySet<string> = new Set([
  "session",
  "sessions",
  "utils",
  "util",
  "helper",
  "helpers",
  "manager",
]);

/** `controlSocket` is a control connection, whatever carries it. */
const bannedPairs = /(?:control|command|data|pasv|passive)(?:Socket|Channel)/i;

/** An FTP server replies; a response is what HTTP and OCSP have. */
const replyRooms = /^packages\/(?:protocol|transport|client|server)\//;

/** Names that Node gave, spelled as it spells them. */
const givenNames: ReadonlySet<string> = new Set([
  "session",
  "isSessionReused",
  "getSession",
  "setSession",
  "sessionTimeout",
  "newSession",
  "resumeSession",
]);

/** Fields that TLS names so. */
const tlsFields = /session-?(?:id|ticket)/gi;

const declaredName =
  /\b(?:const|let|function\*?|class|interface|type|readonly|get|set|static|async)\s+([A-Za-z_$][\w$]*)|[({,]\s*([A-Za-z_$][\w$]*)\??:/g;

/** Lists declared names and file names that use a banned word, and marks of unfinished work. */
export function wordViolations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => [
    ...fileNameViolation(file.path),
    ...markViolation(file),
    ...declaredNames(file.text)
      .filter((name) => isBanned(name, file.path))
      .map((name) => `${file.path}: declares ${name}`),
  ]);
}

function fileNameViolation(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf("/") + 1).replaceAll(tlsFields, "");
  const stem = name.split(".", 1)[0] ?? "";
  return stem.split("-").some((word) => bannedWords.has(word)) ? [`${path}: its name says nothing`] : [];
}

function markViolation(file: SourceFile): readonly string[] {
  const found = /\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b/.exec(file.text);
  return found === null ? [] : [`${file.path}: ${found[0]} is left over`];
}

function declaredNames(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
  return [...code.matchAll(declaredName)].flatMap(([, declared, parameter]) => declared ?? parameter ?? []);
}

function isBanned(name: string, path: string): boolean {
  if (givenNames.has(name)) return false;
  const words = name
    .replaceAll(tlsFields, "")
    .split(/(?=[A-Z])|_/)
    .map((word) => word.toLowerCase());
  if (replyRooms.test(path) && words.includes("response") && !words.includes("ocsp")) return true;
  return bannedPairs.test(name) || words.some((word) => bannedWords.has(word));
}
