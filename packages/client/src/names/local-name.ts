import { bytesFromOctets } from "@sallyport/protocol";
import { isEntryName } from "./caller-path.ts";
import { decodeUtf8Name, encodeUtf8Name, escapedOctet } from "./utf8-names.ts";

/** For which file systems local names are made: `windows` names work everywhere, at the price of more escapes. */
export type LocalNameRules = "posix" | "windows";

/**
 * Why an entry of a server gets no local name. `unsafe`: empty, `.`, `..`, or with `/` or NUL in it, what only a
 * hostile or broken server sends (S-20, CVE-2026-27699). `too-long`: no local file system could hold it.
 */
export type LocalNameFailure = "unsafe" | "too-long";

/** A local name, or why there is none. */
export type LocalName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly failure: LocalNameFailure };

/** The rules for the system that the program runs on. */
export function localNameRules(platform: string = process.platform): LocalNameRules {
  return platform === "win32" ? "windows" : "posix";
}

/**
 * Maps the name of a remote entry to one name in a local directory, so that {@link remoteName} finds it again. What a
 * local file system or terminal cannot take is written `%HH` (an octet) or `%uHHHH` (a character): control characters
 * everywhere; for Windows also `< > : " / \ | ? *`, dots and blanks at the end, and the first letter of a device name
 * (`CON`, `com1.txt`). A `%` that would be taken for such an escape is written `%25`. The result never is, nor holds, a
 * separator of its system, so it cannot lead out of its directory.
 */
export function localName(name: string, rules: LocalNameRules): LocalName {
  if (!isEntryName(name)) return { ok: false, failure: "unsafe" };
  const mapped = mapName(name, rules);
  return lengthOf(mapped, rules) > componentMax ? { ok: false, failure: "too-long" } : { ok: true, name: mapped };
}

/**
 * Maps a local name to the remote name that it stands for. A local name with escapes that {@link localName} would not
 * have written, such as `100%41.txt`, was given by somebody else and stands for itself.
 */
export function remoteName(name: string, rules: LocalNameRules): string {
  const remote = name.replace(escapePattern, (_, units: string | undefined, octet: string | undefined) => {
    const code = Number.parseInt(units ?? octet ?? "", 16);
    return String.fromCharCode(units === undefined && code >= 0x80 ? 0xdc00 + code : code);
  });
  return isEntryName(remote) && mapName(remote, rules) === name ? remote : name;
}

/**
 * The form in which a path made of local names is handed to the file system: bytes where it holds escaped octets, which
 * a string would lose. Windows has no such names, there {@link localName} writes them as `%HH`.
 */
export function fileSystemPath(path: string): string | Buffer {
  if (path.isWellFormed()) return path;
  const octets = encodeUtf8Name(path);
  return octets === undefined ? path : Buffer.from(bytesFromOctets(octets));
}

/**
 * What file systems that fold case, or Unicode forms, hold to be the same name: compared by this key, `README` and
 * `readme` are one, and so are both spellings of `é`. Approximates NTFS and APFS; neither folds all that it does.
 */
export function collisionKey(name: string): string {
  return name.normalize("NFC").toUpperCase().toLowerCase();
}

/** Groups the names that a folding file system would hold to be one; names alone in their group are left out. */
export function nameCollisions(names: Iterable<string>): ReadonlyArray<readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = collisionKey(name);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [name]);
    else group.push(name);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Octets of one name on Linux and macOS, UTF-16 units on Windows. */
const componentMax = 255;

/** `%uHHHH`, or `%HH`, both in upper case only. */
const escapePattern = /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g;

/** `%` where an escape could be read, C0 controls, DEL, C1 controls. */
// oxlint-disable-next-line no-control-regex -- control characters are the point
const escapedOnPosix = /%(?=u[0-9A-F]{4}|[0-9A-F]{2})|[\u0000-\u001F\u007F-\u009F]|\p{Surrogate}/gu;
const escapedOnWindows =
  // oxlint-disable-next-line no-control-regex -- control characters are the point
  /%(?=u[0-9A-F]{4}|[0-9A-F]{2})|[\u0000-\u001F\u007F-\u009F<>:"/\\|?*]|\p{Surrogate}|[. ]+$/gu;

/** Device names of Windows, which it sees with any extension and blanks before it. */
const deviceName = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00B9\u00B2\u00B3]) *(?:\.|$)/i;

function mapName(name: string, rules: LocalNameRules): string {
  if (rules === "posix") return name.replace(escapedOnPosix, keepsOctets(name) ? escapeUnlessOctet : escapeCharacter);
  const mapped = name.replace(escapedOnWindows, (found) => found.split("").map(escapeCharacter).join(""));
  return deviceName.test(mapped) ? escapeCharacter(mapped.slice(0, 1)) + mapped.slice(1) : mapped;
}

/** Whether the octets that the name stands for are read back as the same name. */
function keepsOctets(name: string): boolean {
  const octets = encodeUtf8Name(name);
  return octets !== undefined && decodeUtf8Name(octets) === name;
}

function escapeUnlessOctet(character: string): string {
  return escapedOctet(character) === undefined ? escapeCharacter(character) : character;
}

function escapeCharacter(character: string): string {
  const octet = escapedOctet(character) ?? character.charCodeAt(0);
  const isOctet = octet < 0x80 || escapedOctet(character) !== undefined;
  return isOctet
    ? `%${octet.toString(16).toUpperCase().padStart(2, "0")}`
    : `%u${octet.toString(16).toUpperCase().padStart(4, "0")}`;
}

function lengthOf(name: string, rules: LocalNameRules): number {
  return rules === "windows" ? name.length : (encodeUtf8Name(name)?.length ?? Number.POSITIVE_INFINITY);
}
