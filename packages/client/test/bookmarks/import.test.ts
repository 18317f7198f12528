import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import fc from "fast-check";
import {
  type Bookmark,
  type ImportOptions,
  type ImportedBookmarks,
  bookmarkUrl,
  isImportFailure,
  plainBecomesAuto,
} from "../../src/bookmarks/bookmark.ts";
import { parseFileZillaSites } from "../../src/bookmarks/filezilla.ts";
import { parseLftpBookmarks } from "../../src/bookmarks/lftp.ts";
import { decodeWinScpPassword } from "../../src/bookmarks/winscp-password.ts";
import { parseWinScpSites } from "../../src/bookmarks/winscp.ts";
import { formatFtpUrl } from "../../src/url/ftp-url.ts";

type Parser = (text: string, options?: ImportOptions) => ImportedBookmarks | { readonly failure: string };

async function imported(parse: Parser, name: string, options?: ImportOptions): Promise<ImportedBookmarks> {
  const result = parse(await readFile(new URL(name, import.meta.url), "utf8"), options);
  assert.ok(!isImportFailure(result), name);
  return result;
}

function named({ bookmarks }: ImportedBookmarks, name: string): Bookmark {
  const found = bookmarks.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}

test("FileZilla: folders, protocols, charsets, directories and the bookmarks of a site", async () => {
  const sites = await imported(parseFileZillaSites, "sitemanager.xml", { passwords: true });
  assert.deepEqual(named(sites, "Proofs <in>"), {
    name: "Proofs <in>",
    folder: ["Work & Partners", "Print shop"],
    host: "ftp.print.example",
    security: "implicit",
    port: 990,
    user: "proofs",
    password: "pässwörd: <1>",
    charset: "utf-8",
    dataMode: "passive",
    remoteDirectory: "/in/with a blank",
    notes: "Ask Mara\nbefore 17:00",
    warnings: [],
  });
  const archive = named(sites, "Archive");
  assert.deepEqual(archive.folder, ["Work & Partners", "Print shop", "Proofs <in>"]);
  assert.equal(archive.remoteDirectory, "/archive/2025");
  assert.equal(archive.user, "proofs");
  const files = named(sites, "Files");
  assert.deepEqual(
    [files.security, files.charset, files.dataMode, files.password],
    ["explicit", "cp1252", "active", undefined],
  );
  assert.match(files.warnings.join(), /master password/);
  assert.deepEqual(named(sites, "Mirror"), {
    name: "Mirror",
    folder: [],
    host: "2001:db8::21",
    security: "auto",
    port: 2121,
    user: "anonymous",
    remoteDirectory: "/",
    warnings: [],
  });
  const old = named(sites, "Old VAX");
  assert.equal(old.security, "auto");
  assert.equal(old.remoteDirectory, undefined);
  assert.deepEqual(old.warnings, [plainBecomesAuto, "Its directory could not be read."]);
  assert.deepEqual(sites.skipped, [{ name: "Shell", reason: "Its protocol is not FTP (number 1)." }]);
});

test("FileZilla: a file of an old version, with names and passwords in clear", async () => {
  const sites = await imported(parseFileZillaSites, "sitemanager-3.5.xml", { passwords: true });
  assert.deepEqual(
    sites.bookmarks.map(({ name, password }) => [name, password]),
    [["Website", "in clear"]],
  );
});

test("WinSCP: percent-encoding, TLS modes, users in hosts, and what is left out", async () => {
  const sites = await imported(parseWinScpSites, "WinSCP.ini", { passwords: true });
  assert.deepEqual(named(sites, "Müller"), {
    name: "Müller",
    folder: ["Partners"],
    host: "ftp.mueller.example",
    security: "explicit",
    port: 21,
    user: "bob",
    password: "S3cr3t = ü",
    charset: "utf-8",
    remoteDirectory: "/in/with a blank",
    warnings: [],
  });
  const greetings = named(sites, "Grüße");
  assert.deepEqual(
    [greetings.user, greetings.password, greetings.security, greetings.dataMode, greetings.notes],
    ["jürgen", "x".repeat(260), "implicit", "active", "fragt Jürgen\r\nzuerst"],
  );
  const clear = named(sites, "Clear");
  assert.deepEqual([clear.user, clear.host, clear.port, clear.security], ["carol", "plain.example.net", 2121, "auto"]);
  assert.equal(clear.warnings[0], plainBecomesAuto);
  assert.match(clear.warnings[1] ?? "", /proxy/);
  assert.match(named(sites, "Protected").warnings.join(), /master password/);
  assert.match(named(sites, "Moved").warnings.join(), /could not be read/);
  assert.equal(named(sites, "Moved").password, undefined);
  assert.deepEqual(
    sites.skipped.map(({ name }) => name),
    ["Shell", "0000"],
  );
});

test("WinSCP: passwords of old versions, and what is no password", () => {
  const hidden = (octets: readonly number[]): string =>
    octets.map((octet) => (~(octet ^ 0xa3) & 0xff).toString(16).toUpperCase().padStart(2, "0")).join("");
  const oldForm = [2, 1, 0x77, 0x68, 0x69, 0x55];
  assert.deepEqual(decodeWinScpPassword(hidden(oldForm), "key"), { kind: "password", password: "hi" });
  assert.deepEqual(decodeWinScpPassword(hidden([0xff, 0, 5, 0, ...Buffer.from("keyhi")]), "key"), {
    kind: "password",
    password: "hi",
  });
  assert.equal(decodeWinScpPassword(hidden([0xff, 0, 9, 0, 1]), "key").kind, "unreadable");
  assert.equal(decodeWinScpPassword(hidden([0xff, 7, 9, 0, 1]), "key").kind, "unreadable");
  for (const wrong of ["", "A", "XY", "a35c"]) assert.equal(decodeWinScpPassword(wrong, "").kind, "unreadable");
  fc.assert(
    fc.property(fc.array(fc.nat(255), { maxLength: 60 }), (octets) => {
      decodeWinScpPassword(hidden(octets), "");
    }),
  );
});

test("lftp: names and URLs, as lftp 4.9.2 wrote them", async () => {
  const sites = await imported(parseLftpBookmarks, "lftp-bookmarks", { passwords: true });
  assert.deepEqual(
    sites.bookmarks.map((one) => `${one.name} ${formatFtpUrl(bookmarkUrl(one))} ${one.password ?? "-"}`),
    [
      "anon ftp://ftp.gnu.org/ -",
      "pw ftp://bob@ftp.example.com/in/ s3@cret",
      "uml ftp://ftp.example.com/%C3%BCber/ -",
      "v6 ftp://[2001:db8::1]:2121/ -",
      "work ftps://alice@ftp.example.com/pub/ -",
    ],
  );
  assert.deepEqual(
    sites.skipped.map(({ name }) => name),
    ["sftpsite"],
  );
});

test("R-CLI-08 passwords are left where they are unless they are asked for", async () => {
  for (const [parse, name] of [
    [parseFileZillaSites, "sitemanager.xml"],
    [parseFileZillaSites, "sitemanager-3.5.xml"],
    [parseWinScpSites, "WinSCP.ini"],
    [parseLftpBookmarks, "lftp-bookmarks"],
  ] as const) {
    const { bookmarks } = await imported(parse, name);
    assert.ok(bookmarks.length > 0);
    assert.ok(
      bookmarks.every((one) => !("password" in one)),
      name,
    );
    assert.doesNotMatch(JSON.stringify(bookmarks), /pässw|S3cr3t|s3@cret|in clear/, name);
  }
});

test("files that are something else, or hostile, are refused or read without harm", async () => {
  const site = (inside: string): string => `<FileZilla3><Servers><Server>${inside}</Server></Servers></FileZilla3>`;
  const refused = [
    "",
    "<a/>",
    "<FileZilla3>",
    "<FileZilla3></Servers>",
    '<!DOCTYPE a [<!ENTITY b "c">]><FileZilla3/>',
    "<FileZilla3>&b;</FileZilla3>",
    "<FileZilla3>&constructor;</FileZilla3>",
    "<FileZilla3>&#0;</FileZilla3>",
    "<FileZilla3>&#xD800;</FileZilla3>",
    "<FileZilla3/><FileZilla3/>",
    `${"<FileZilla3>".repeat(100)}${"</FileZilla3>".repeat(100)}`,
  ];
  for (const text of refused) assert.ok(isImportFailure(parseFileZillaSites(text)), text.slice(0, 60));
  const hosts = ["", "a b", "a/../b", "a@b", "h:21", "\u0001"];
  for (const host of hosts) {
    const result = parseFileZillaSites(site(`<Host>${host}</Host>`));
    assert.ok(!isImportFailure(result) && result.bookmarks.length === 0 && result.skipped.length === 1, host);
  }
  const directories = [
    "1 0 2 ..",
    "1 0 3 a/b",
    "1 0 9 short",
    "1 0 x",
    "1",
    "1 0 1 a b",
    "constructor 0 1 a",
    "1 0 0  ",
  ];
  for (const directory of directories) {
    const result = parseFileZillaSites(site(`<Host>h</Host><Protocol>4</Protocol><RemoteDir>${directory}</RemoteDir>`));
    assert.ok(!isImportFailure(result));
    assert.equal(result.bookmarks[0]?.remoteDirectory, undefined, directory);
    assert.equal(result.bookmarks[0]?.warnings.length, 1, directory);
  }
  assert.ok(!isImportFailure(parseFileZillaSites(site("<Host>h</Host><Protocol>constructor</Protocol>"))));
  assert.ok(isImportFailure(parseWinScpSites("nothing")));
  assert.ok(isImportFailure(parseLftpBookmarks("no-url\n")));
});

test("any text is read or refused, in bounded time", () => {
  const piece = fc.constantFrom(
    "<FileZilla3>",
    "</FileZilla3>",
    "<Servers>",
    "<Server>",
    "<Host>h</Host>",
    "</Server>",
    "</Servers>",
    "<",
    ">",
    "&",
    "&amp;",
    "<!--",
    "-->",
    "[Sessions\\a]\n",
    "HostName=h\n",
    "FSProtocol=5\n",
    "%",
    "=",
    "\t",
    "<a b='c'/>",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      for (const parse of [parseFileZillaSites, parseWinScpSites, parseLftpBookmarks])
        parse(pieces.join(""), { passwords: true });
    }),
    { numRuns: 500 },
  );
  const started = performance.now();
  for (const text of [
    "<a ".repeat(200_000),
    `<a${" b='c'".repeat(200_000)}`,
    "&".repeat(500_000),
    "<a>".repeat(200_000),
    "<!--".repeat(200_000),
  ]) {
    assert.ok(isImportFailure(parseFileZillaSites(text)));
  }
  parseFileZillaSites(
    `<FileZilla3><Servers><Server><Host>h</Host><RemoteDir>1 0 ${"1 a ".repeat(200_000)}</RemoteDir></Server></Servers></FileZilla3>`,
  );
  assert.ok(performance.now() - started < 10_000);
});
