import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type FtpUrl, formatFtpUrl, isUrlFailure, parseFtpUrl } from "../../src/url/ftp-url.ts";

const plain: FtpUrl = {
  scheme: "ftp",
  security: "auto",
  host: "h",
  port: undefined,
  user: undefined,
  password: undefined,
  path: "",
  isDirectory: true,
  type: undefined,
};

/** URL → what differs from `ftp://h/`. */
const table: ReadonlyArray<readonly [url: string, differences: Partial<FtpUrl>]> = [
  ["h", {}],
  ["h/", {}],
  ["h:2121", { port: 2121 }],
  ["h:", {}],
  ["h:2121/pub", { port: 2121, path: "pub", isDirectory: false }],
  ["H.Example.ORG.", { host: "h.example.org." }],
  ["alice@h", { user: "alice" }],
  ["alice:s3cret@h/x", { user: "alice", password: "s3cret", path: "x", isDirectory: false }],
  ["ftp://h", {}],
  ["FTP://h/", {}],
  ["ftp://h:990/", { security: "implicit", port: 990 }],
  ["h:990", { security: "implicit", port: 990 }],
  ["ftps://h/", { scheme: "ftps", security: "implicit" }],
  ["ftps://h:21/", { scheme: "ftps", security: "implicit", port: 21 }],
  ["ftpes://h/", { scheme: "ftpes", security: "explicit" }],
  ["ftpes://h:990/", { scheme: "ftpes", security: "explicit", port: 990 }],
  ["ftp://h/a/b.txt", { path: "a/b.txt", isDirectory: false }],
  ["ftp://h/a/b/", { path: "a/b" }],
  ["ftp://h//etc/motd", { path: "/etc/motd", isDirectory: false }],
  ["ftp://h/%2Fetc/motd", { path: "/etc/motd", isDirectory: false }],
  ["ftp://h/%2F", { path: "/" }],
  ["ftp://h//", { path: "/" }],
  ["ftp://h/a//b", { path: "a/b", isDirectory: false }],
  ["ftp://h/../x", { path: "../x", isDirectory: false }],
  ["ftp://h/a;type=i", { path: "a", isDirectory: false, type: "i" }],
  ["ftp://h/a;type=A", { path: "a", isDirectory: false, type: "a" }],
  ["ftp://h/a;TYPE=d", { path: "a", type: "d" }],
  ["ftp://h/;type=d", { type: "d" }],
  ["ftp://h/a;b", { path: "a;b", isDirectory: false }],
  ["ftp://h/a?b=c", { path: "a?b=c", isDirectory: false }],
  ["ftp://h/a%23b%20c d", { path: "a#b c d", isDirectory: false }],
  ["ftp://h/%C3%BC/ü", { path: "ü/ü", isDirectory: false }],
  ["ftp://h/%FC%E9", { path: "\uDCFC\uDCE9", isDirectory: false }],
  ["ftp://bob%40example.com:p%3A%2F%40@h/", { user: "bob@example.com", password: "p:/@" }],
  ["ftp://bob@example.com:pw@h/", { user: "bob@example.com", password: "pw" }],
  ["ftp://a:b:c@h/", { user: "a", password: "b:c" }],
  ["ftp://a:@h/", { user: "a", password: "" }],
  ["ftp://[2001:DB8::1]:2121/x", { host: "2001:db8::1", port: 2121, path: "x", isDirectory: false }],
  ["[::1]:21", { host: "::1", port: 21 }],
  ["2001:db8::1", { host: "2001:db8::1" }],
  ["ftp://[::ffff:192.0.2.1]/", { host: "192.0.2.1" }],
  ["ftp://[fe80::1%25eth0]/", { host: "fe80::1%eth0" }],
  ["0:0:0:0:0:0:0:1", { host: "::1" }],
  ["ftp://192.0.2.7/", { host: "192.0.2.7" }],
  ["ftp://münchen.example/", { host: "xn--mnchen-3ya.example" }],
  ["ftp://under_score-d.example/", { host: "under_score-d.example" }],
];

test("R-CLI-01 the URL table: schemes, ports, RFC 1738 paths and types", () => {
  for (const [url, differences] of table) assert.deepEqual(parseFtpUrl(url), { ...plain, ...differences }, url);
});

const refused: ReadonlyArray<readonly [url: string, named: RegExp]> = [
  ["", /no host.*ftp:\/\/ftp\.example\.com/],
  ["ftp://", /no host.*ftp:\/\/ftp\.example\.com/],
  ["ftp://:21", /no host/],
  ["0:0:0:0:0:0:0:1:2121", /brackets.*\]:2121/],
  ["ftp:///path", /host/],
  ["ftp://h:0/", /port/],
  ["ftp://h:65536/", /^The port must be a number from 1 to 65535\.$/],
  ["ftp://h:21x/", /port/],
  ["ftp://h:-1/", /port/],
  ["ftp://@h/", /user name/],
  ["http://h/", /ftp:\/\/, ftps:\/\/ or ftpes:\/\//],
  ["file:///etc/passwd", /ftp:\/\//],
  ["sftp://h/", /SSH/],
  ["ftp:h/x", /two slashes/],
  ["ftps:/h/x", /two slashes/],
  ["ftp://h/a#b", /%23/],
  ["ftp://h/100%", /%25/],
  ["ftp://h/%zz", /%25/],
  ["ftp://h/a;type=x", /type/],
  ["ftp://[::1", /host/],
  ["ftp://[h]/", /host/],
  ["ftp://[192.0.2.1]/", /host/],
  ["ftp://0177.0.0.1/", /host/],
  ["ftp://127.1/", /host/],
  ["ftp://2130706433/", /host/],
  ["ftp://0x7f000001/", /host/],
  ["ftp://1.2.3.0x4/", /host/],
  ["ftp://a b/", /host/],
  ["ftp://a%62/", /host/],
  ["ftp://-h/", /host/],
  ["ftp://h..h/", /host/],
  [`ftp://${"a".repeat(64)}/`, /host/],
  [`ftp://h/${"a".repeat(20_000)}`, /too long/],
];

test("R-CLI-01 what is no FTP URL is refused with a sentence that says why", () => {
  for (const [url, named] of refused) {
    const result = parseFtpUrl(url);
    assert.ok(isUrlFailure(result), url);
    assert.match(result.failure, named, url);
    assert.match(result.failure, /^[A-Z][^\n]*\.$|^sftp/, url);
  }
});

test("S-09 CR, LF and NUL are refused in every part of a URL, encoded or not", () => {
  for (const evil of ["%0d", "%0D", "%0a", "%0A", "%00", "\r", "\n", "\0"]) {
    for (const url of [`ftp://a${evil}b@h/`, `ftp://a:b${evil}c@h/`, `ftp://h${evil}/`, `ftp://h/a${evil}DELE b`]) {
      assert.ok(isUrlFailure(parseFtpUrl(url)), JSON.stringify(url));
    }
  }
});

test("R-CLI-08 neither a failure nor a formatted URL shows a password", () => {
  for (const url of ["ftp://u:s3cret@h:x/", "ftp://u:s3cret@h/%", "http://u:s3cret@h/", "ftp://u:s3/cret@h/"]) {
    assert.doesNotMatch(JSON.stringify(parseFtpUrl(url)), /s3/, url);
  }
  const url = parseFtpUrl("ftps://u:s3cret@h:2990/a b");
  assert.ok(!isUrlFailure(url));
  assert.equal(formatFtpUrl(url), "ftps://u@h:2990/a%20b");
});

test("R-CLI-01 a URL that was read is written so that it is read again", () => {
  for (const [text] of table) {
    const url = parseFtpUrl(text);
    assert.ok(!isUrlFailure(url));
    assert.deepEqual(parseFtpUrl(formatFtpUrl(url)), { ...url, password: undefined }, text);
  }
});

test("R-CLI-01 any path survives being written and read, any text is read or refused", () => {
  const octet = fc.integer({ min: 1, max: 255 }).filter((value) => value !== 10 && value !== 13);
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 24 }), (octets) => {
      const encoded = octets.map((value) => `%${value.toString(16).padStart(2, "0")}`).join("");
      const url = parseFtpUrl(`ftp://h/${encoded}`);
      assert.ok(!isUrlFailure(url));
      assert.deepEqual(parseFtpUrl(formatFtpUrl(url)), url);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      const url = parseFtpUrl(text);
      if (!isUrlFailure(url)) assert.deepEqual(parseFtpUrl(formatFtpUrl(url)), { ...url, password: undefined });
    }),
    { numRuns: 700 },
  );
});
