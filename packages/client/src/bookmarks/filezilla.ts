import {
  type Bookmark,
  type FoundBookmarks,
  bookmarkParser,
  type ImportFailure,
  known,
  plainBecomesAuto,
  tidyName,
} from "./bookmark.ts";
import { hostOfField, portOfField } from "./host-field.ts";
import { type XmlElement, childOf, parseXml } from "./xml.ts";

/**
 * Reads FileZilla's `sitemanager.xml`, and the file that its *Export* writes (version 3; FileZilla 3.71 and files back to
 * 3.5, whose passwords are in clear, were looked at). Sites of other protocols are skipped; a site's own bookmarks
 * become bookmarks in a folder with its name. Passwords under a master password stay where they are, with a warning.
 */
export const parseFileZillaSites = bookmarkParser(readSites);

function readSites(text: string, found: FoundBookmarks): ImportFailure | undefined {
  const root = parseXml(text);
  if ("failure" in root) return root;
  if (root.name !== "FileZilla3") return { failure: "The file is no site list of FileZilla 3." };
  for (const servers of root.children.filter(({ name }) => name === "Servers")) readFolder(found, servers, []);
  return undefined;
}

function readFolder(found: FoundBookmarks, element: XmlElement, folder: readonly string[]): void {
  for (const child of element.children) {
    if (child.name === "Folder") readFolder(found, child, [...folder, tidyName(child.text, "Folder")]);
    else if (child.name === "Server") readServer(found, child, folder);
  }
}

function readServer(found: FoundBookmarks, server: XmlElement, folder: readonly string[]): void {
  // The name follows the fields in files of old versions, which have no Name.
  const name = tidyName(field(server, "Name") || server.text, field(server, "Host") || "Site");
  const host = hostOfField(field(server, "Host"));
  const security = securities.get(field(server, "Protocol") || "0");
  if (security === undefined) {
    found.skipped.push({
      name,
      reason: `Its protocol is not FTP (number ${tidyName(field(server, "Protocol"), "0")}).`,
    });
    return;
  }
  if (host === undefined) {
    found.skipped.push({ name, reason: "It names no host." });
    return;
  }
  const warnings = security === "plain" ? [plainBecomesAuto] : [];
  const remoteDirectory = directoryOf(field(server, "RemoteDir"), warnings);
  const bookmark: Bookmark = {
    name,
    folder,
    host,
    security: security === "plain" ? "auto" : security,
    ...known({
      port: portOfField(field(server, "Port")),
      user: field(server, "Logontype") === "0" ? "anonymous" : field(server, "User") || undefined,
      password: passwordOf(server, found.passwords, warnings),
      charset: charsetOf(server),
      dataMode: dataModes.get(field(server, "PasvMode")),
      remoteDirectory,
      notes: childOf(server, "Comments")?.text.trim() || undefined,
    }),
    warnings,
  };
  if (field(server, "Logontype") === "4") warnings.push("It logs in with an account besides user and password (ACCT).");
  found.bookmarks.push(bookmark);
  for (const place of server.children.filter((child) => child.name === "Bookmark")) {
    readPlace(found, place, bookmark);
  }
}

/** A bookmark inside a site: another directory of the same server. */
function readPlace(found: FoundBookmarks, place: XmlElement, site: Bookmark): void {
  const warnings = [...site.warnings];
  const remoteDirectory = directoryOf(field(place, "RemoteDir"), warnings);
  if (remoteDirectory === undefined) return;
  const name = tidyName(field(place, "Name"), "Bookmark");
  found.bookmarks.push({ ...site, name, folder: [...site.folder, site.name], remoteDirectory, warnings });
}

/** The numbers are ServerProtocol of FileZilla's engine, which never change. */
const securities: ReadonlyMap<string, Bookmark["security"] | "plain"> = new Map([
  ["0", "auto"],
  ["3", "implicit"],
  ["4", "explicit"],
  ["6", "plain"],
]);

const dataModes: ReadonlyMap<string, "active" | "passive"> = new Map([
  ["MODE_ACTIVE", "active"],
  ["MODE_PASSIVE", "passive"],
]);

function field(element: XmlElement, name: string): string {
  return childOf(element, name)?.text.trim() ?? "";
}

function charsetOf(server: XmlElement): string | undefined {
  const type = field(server, "EncodingType");
  if (type === "UTF-8") return "utf-8";
  return type === "Custom" ? field(server, "CustomEncoding").toLowerCase() || undefined : undefined;
}

function passwordOf(server: XmlElement, isWanted: boolean, warnings: string[]): string | undefined {
  const pass = childOf(server, "Pass");
  if (pass === undefined || pass.text === "") return undefined;
  const encoding = pass.attributes.get("encoding") ?? "";
  if (encoding === "crypt") warnings.push("Its password is protected by FileZilla's master password.");
  else if (encoding !== "" && encoding !== "base64") warnings.push("Its password is kept in a form that is not known.");
  else if (isWanted) return encoding === "" ? pass.text : Buffer.from(pass.text.trim(), "base64").toString();
  return undefined;
}

/**
 * The path that FileZilla writes as `type prefix-length [prefix] (length name)*`. Types that have no paths with `/`
 * (VMS, MVS, DOS with backslashes) are left out, with a warning.
 */
function directoryOf(safePath: string, warnings: string[]): string | undefined {
  if (safePath === "") return undefined;
  // Lengths are in characters of the platform: UTF-16 units on Windows, code points elsewhere.
  const names = namesOf(safePath.split("")) ?? namesOf(Array.from(safePath));
  if (names === undefined) warnings.push("Its directory could not be read.");
  return names === undefined ? undefined : `/${names.join("/")}`;
}

/** DEFAULT, UNIX, CYGWIN, DOS_FWD_SLASHES. */
const slashTypes: ReadonlySet<string> = new Set(["0", "1", "9", "10"]);

function namesOf(characters: readonly string[]): readonly string[] | undefined {
  let at = 0;
  const word = (length?: number): string => {
    const end = length === undefined ? characters.indexOf(" ", at) : at + length;
    const text = characters.slice(at, end < at ? undefined : end).join("");
    at = end < at ? characters.length : end + 1;
    return text;
  };
  if (!slashTypes.has(word()) || word() !== "0") return undefined;
  const names: string[] = [];
  while (at < characters.length) {
    const length = Number(word());
    const name = Number.isInteger(length) && length > 0 ? word(length) : "";
    const isWhole = at >= characters.length ? at - 1 === characters.length : characters[at - 1] === " ";
    if (name === "" || !isWhole || name.includes("/") || name === "." || name === "..") return undefined;
    names.push(name);
  }
  return names;
}
