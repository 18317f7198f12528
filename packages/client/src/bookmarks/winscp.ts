import { octetsFromBytes } from "@sallyport/protocol";
import { decodeUtf8Name } from "../names/utf8-names.ts";
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
import { decodeWinScpPassword } from "./winscp-password.ts";

/**
 * Reads `WinSCP.ini`: the sites of its sections `Sessions\…`, whose names and values are percent-encoded (WinSCP 5 and
 * 6). Sites of other protocols, workspaces and the default settings are skipped. Passwords under a master password stay
 * where they are, with a warning.
 */
export const parseWinScpSites = bookmarkParser(readSites);

function readSites(text: string, { bookmarks, skipped, passwords }: FoundBookmarks): ImportFailure | undefined {
  const sections = sectionsOf(text.replace(/^\uFEFF/, ""));
  if (sections.length === 0) return { failure: "The file is no WinSCP.ini." };
  for (const { title, values } of sections) {
    if (!title.startsWith(siteStart)) continue;
    const folder = decodeField(title.slice(siteStart.length)).split("/");
    const name = tidyName(folder.pop() ?? "", "Site");
    if (folder.length === 0 && name === "Default Settings") continue;
    const reason = reasonToSkip(values);
    const bookmark = reason === undefined ? siteOf(values, passwords) : undefined;
    if (bookmark === undefined) skipped.push({ name, reason: reason ?? "It names no host." });
    else bookmarks.push({ name, folder: folder.map((one) => tidyName(one, "Folder")), ...bookmark });
  }
  return undefined;
}

const siteStart = "Sessions\\";

interface Section {
  readonly title: string;
  readonly values: ReadonlyMap<string, string>;
}

function sectionsOf(text: string): readonly Section[] {
  const sections: Array<{ readonly title: string; readonly values: Map<string, string> }> = [];
  for (const line of text.split(/\r?\n/)) {
    const equals = line.indexOf("=");
    if (line.startsWith("[") && line.trimEnd().endsWith("]")) {
      sections.push({ title: line.trimEnd().slice(1, -1), values: new Map() });
    } else if (equals > 0) sections.at(-1)?.values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return sections;
}

/** FSProtocol 5 is FTP, Ftps its TLS mode: TFSProtocol and TFtps of WinSCP's core. */
function reasonToSkip(values: Section["values"]): string | undefined {
  if (values.get("IsWorkspace") === "1") return "It is part of a workspace.";
  if (values.has("Link")) return "It only refers to another site.";
  const protocol = values.get("FSProtocol") ?? "1";
  if (protocol !== "5") return `Its protocol is not FTP (number ${tidyName(protocol, "1")}).`;
  return values.get("Tunnel") === "1" ? "It goes through an SSH tunnel." : undefined;
}

const securities: ReadonlyMap<string, Bookmark["security"]> = new Map([
  ["1", "implicit"],
  ["2", "explicit"],
  ["3", "explicit"],
]);

function siteOf(values: Section["values"], wantsPassword: boolean): Omit<Bookmark, "name" | "folder"> | undefined {
  const value = (name: string): string => decodeField(values.get(name) ?? "");
  // A host may be given as user@host.
  const [, userInHost, hostName = ""] = /^(?:(.*)@)?([^@]*)$/.exec(value("HostName")) ?? [];
  const host = hostOfField(hostName);
  if (host === undefined) return undefined;
  const user = value("UserName") || userInHost || undefined;
  const security = securities.get(values.get("Ftps") ?? "0");
  const warnings = security === undefined ? [plainBecomesAuto] : [];
  if ((values.get("ProxyMethod") ?? "0") !== "0") warnings.push("It used a proxy, which is not taken over.");
  return {
    host,
    security: security ?? "auto",
    ...known({
      port: portOfField(values.get("PortNumber") ?? ""),
      user,
      password: passwordOf(values, wantsPassword, `${user ?? ""}${value("HostName")}`, warnings),
      charset: values.get("Utf") === "1" ? "utf-8" : undefined,
      dataMode: values.get("FtpPasvMode") === "0" ? ("active" as const) : undefined,
      remoteDirectory: value("RemoteDirectory") || undefined,
      notes: value("Note") || undefined,
    }),
    warnings,
  };
}

function passwordOf(values: Section["values"], isWanted: boolean, key: string, warnings: string[]): string | undefined {
  const plain = values.get("PasswordPlain");
  const kept = values.get("Password");
  if (plain !== undefined) return isWanted ? decodeField(plain) : undefined;
  if (kept === undefined || kept === "") return undefined;
  const password = decodeWinScpPassword(kept, key);
  if (password.kind === "protected") warnings.push("Its password is protected by WinSCP's master password.");
  if (password.kind === "unreadable") warnings.push("Its password could not be read.");
  return isWanted && password.kind === "password" ? password.password : undefined;
}

/** Percent-decoding; the octets are UTF-8, mostly with a byte order mark to say so. */
function decodeField(text: string): string {
  const octets = octetsFromBytes(Buffer.from(text)).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeUtf8Name(octets as ReturnType<typeof octetsFromBytes>).replace(/^\uFEFF/, "");
}
