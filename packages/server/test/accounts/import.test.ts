import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { limitValues } from "@sallyport/protocol";
import {
  acceptedAccounts,
  AccountDatabase,
  type ImportedAccounts,
  type ImportFormat,
  importParsers,
  PasswordHasher,
} from "@sallyport/server/accounts";

const limits = limitValues();
const formats = Object.keys(importParsers) as ImportFormat[];

/** Written by ftpasswd of ProFTPD 1.3.8 (SHA-256, SHA-512, MD5); the password is s3cret. */
const ftpasswdOutput = `carol:$5$CYV7jFDApofxboDr$uwnCU3qodWmtvUPlKPboiuz4Io3DurYPKhOSIo8u198:1001:1001:Carol C:/srv/ftp/carol:/bin/false
dave:$6$0dWkAfedB2vfedXf$UkuTGabo256DQ0lO9VVVLpSg8wNZHYb9lHltAP9OyMHlHRUDYTAg9ViLtFc8SnMDP1RMs/8Bwn3DP462N7tVd/:1001:1001::/srv/ftp/dave:/bin/sh
erin:$1$JYajHcIo$zL.kfe1vxEQiGN4uGxkCF1:1002:1002::/srv/ftp:/bin/sh
`;

/** Written by pure-pw of Pure-FTPd 1.0.50; the password is s3cret. */
const purePwOutput = `alice:$argon2id$v=19$m=8192,t=1023,p=1$OXDr32ec5DxYAMAFQrTGUg$gBaMSVWyyiyl21y19YgAa1aUkAq17OuecukTmVZZpk0:1000:1000:Alice, A.:/srv/ftp/alice/./:204800:102400:1:5:3:1000:52428800:10.0.0.1:10.0.0.2:192.0.2.0/24:198.51.100.1:900-1800
bob:$argon2id$v=19$m=1092,t=2047,p=1$RiV6WVvsYcP35HQIYpBvMQ$Dhi87h657kdG+XeJtqEHj6AFI7q409AZw4zUZAFXR0Q:1000:1000::/srv/ftp/bob::::::::::::
`;

test("ftpasswd's output is imported with homes cut to the served directory", async () => {
  const imported = parse("proftpd", ftpasswdOutput, "/srv/ftp/");
  assert.deepEqual(imported.complaints, []);
  assert.deepEqual(
    imported.accounts.map(({ name, home }) => [name, home]),
    [
      ["carol", "/carol"],
      ["dave", "/dave"],
      ["erin", "/"],
    ],
  );
  await using hasher = new PasswordHasher();
  for (const { passwordHash = "" } of imported.accounts)
    assert.equal(await hasher.verify("s3cret", passwordHash), "match");
  assert.equal(parse("proftpd", ftpasswdOutput).accounts[0]?.home, "/srv/ftp/carol");
  assert.match(reasons(parse("proftpd", ftpasswdOutput, "/srv/ft"))[0] ?? "", /^1 error .*outside of the served/);
});

test("a locked, a shadowed, an empty and a short line of a passwd file", () => {
  const hash = "$1$JYajHcIo$zL.kfe1vxEQiGN4uGxkCF1";
  const rest = "1:1::/h:/bin/sh";
  const imported = parse(
    "proftpd",
    `a:!${hash}:${rest}\nb:x:${rest}\nc::${rest}\nd:*:${rest}\ne:${hash}:1\nf:${hash}:u:1::/h:\ng:${hash}:1:1::/h/../../etc:\n`,
  );
  assert.deepEqual(imported.accounts, [{ name: "a", passwordHash: hash, enabled: false, home: "/h" }]);
  assert.deepEqual(
    reasons(imported).map((reason) => reason.slice(0, 21)),
    [
      "1 warning locked, and",
      "2 error the password ",
      "3 error there is no p",
      "4 error the password ",
      "5 error there are 3 f",
      "6 error user or group",
      "7 error the home dire",
    ],
  );
});

test("a line of one field", () => {
  assert.deepEqual(reasons(parse("proftpd", "a\n")), ["1 error there is 1 field where 7 belong"]);
  assert.deepEqual(reasons(parse("pureftpd", "a:b\n")), ["1 error there are 2 fields where 18 belong"]);
});

test("pure-pw's output is imported with its limits, and disabled where its restrictions are lost", () => {
  const imported = parse("pureftpd", purePwOutput, "/srv/ftp");
  const [alice, bob] = imported.accounts;
  assert.deepEqual(
    { ...alice, passwordHash: "" },
    {
      name: "alice",
      passwordHash: "",
      home: "/alice",
      uploadBytesPerSecond: 204_800,
      downloadBytesPerSecond: 102_400,
      connectionsMax: 3,
      quotaBytes: 52_428_800,
      enabled: false,
    },
  );
  assert.deepEqual({ ...bob, passwordHash: "" }, { name: "bob", passwordHash: "", home: "/bob", enabled: true });
  assert.deepEqual(reasons(imported), [
    "1 warning the ratios are not carried over",
    "1 warning the limit of files is not carried over",
    "1 warning restricted to addresses of the server, which is not carried over: imported disabled",
    "1 warning restricted to addresses of clients, which is not carried over: imported disabled",
    "1 warning restricted to times of day, which is not carried over: imported disabled",
  ]);
});

test("odd lines of a PureDB text", () => {
  const hash = "$1$JYajHcIo$zL.kfe1vxEQiGN4uGxkCF1";
  const imported = parse(
    "pureftpd",
    [
      `a:${hash}:1:1::/h/./in`,
      `b:${hash}:1:1::/h:0:0:::0:::::::`,
      `c:${hash}:1:1::/h:many::::::::::`,
      `d:${hash}:1:1::h`,
      `e:$7$C6..../....swVShTUX9kLJepm0vvj7dUXPqtULzQ9G3GT$x:1:1::/h`,
      `f:${hash}:1:1::/h${":".repeat(20)}`,
      `g:${hash}:1:1::/h:::::::99999999999999999999:::::`,
    ].join("\n"),
  );
  assert.deepEqual(
    imported.accounts.map((account) => account.name),
    ["a", "b"],
  );
  assert.deepEqual(imported.accounts[1], { name: "b", passwordHash: hash, enabled: true, home: "/h" });
  assert.deepEqual(
    reasons(imported).map((reason) => reason.slice(0, 19)),
    [
      "1 warning the direc",
      "3 error field 7 is ",
      "4 error the home di",
      "5 error the passwor",
      "6 error there are 2",
      "7 error field 13 is",
    ],
  );
});

test("htpasswd's output is imported, with comments and the kinds that are not supported", async (t) => {
  const imported = parse(
    "htpasswd",
    "# users\n\na:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\nb:rqXexS6ZhobKA\nc:clear\nd\ne:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=:staff\n",
  );
  assert.deepEqual(
    imported.accounts.map((account) => account.name),
    ["a", "e"],
  );
  assert.deepEqual(
    reasons(imported).map((reason) => reason.slice(0, 27)),
    [
      "4 error the password hash i",
      "5 error the password hash i",
      "6 error there is no colon b",
      "7 warning the comment is no",
    ],
  );
  if (!present("htpasswd")) return t.skip("htpasswd is not installed (Debian: apache2-utils)");
  const directory = mkdtempSync(join(tmpdir(), "sallyport-import-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, "htpasswd");
  const run = (...args: string[]): unknown => execFileSync("htpasswd", args, { stdio: "ignore" });
  run("-cbm", path, "md5", "one");
  run("-bB", path, "bcrypt", "two");
  run("-bs", path, "sha", "three");
  await using accounts = await AccountDatabase.open(join(directory, "accounts.db"), { create: true });
  const accepted = acceptedAccounts(parse("htpasswd", readFileSync(path, "utf8")), { skipMalformed: false });
  assert.deepEqual(await accounts.import(accepted), { importedCount: 3, skipped: [] });
  await using hasher = new PasswordHasher();
  for (const [name, password] of [
    ["md5", "one"],
    ["bcrypt", "two"],
    ["sha", "three"],
  ] as const) {
    assert.equal(await hasher.verify(password, (await accounts.find(name))?.passwordHash ?? ""), "match", name);
  }
});

test("a vsftpd list is hashed on import", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-import-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  await using accounts = await AccountDatabase.open(join(directory, "accounts.db"), { create: true });
  const imported = parse("vsftpd", "alice\npass word \r\nb\u00F6b\r\n#hash: mark\n\n");
  assert.deepEqual(imported, {
    accounts: [
      { name: "alice", password: "pass word " },
      { name: "b\u00F6b", password: "#hash: mark" },
    ],
    complaints: [],
  });
  await accounts.import(imported.accounts);
  await using hasher = new PasswordHasher();
  const hash = (await accounts.find("b\u00F6b"))?.passwordHash ?? "";
  assert.match(hash, /^\$argon2id\$/);
  assert.equal(await hasher.verify("#hash: mark", hash), "match");
});

test("a vsftpd list with odd, empty or too long lines", () => {
  const imported = parse("vsftpd", `a\n\n\nsecret\nb\n${"x".repeat(1025)}\nc\nd\ne`);
  assert.deepEqual(imported.accounts, [{ name: "c", password: "d" }]);
  assert.deepEqual(reasons(imported), [
    "1 error the password is empty",
    "3 error the name is empty",
    "5 error the password is longer than 1024 octets",
    "9 error the name is not followed by a line with its password",
  ]);
  assert.deepEqual(parse("vsftpd", ""), { accounts: [], complaints: [] });
});

test("names that cannot be and names that come twice are refused", () => {
  const hash = "{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=";
  const imported = parse(
    "htpasswd",
    `a/b:${hash}\nx\x1b[1m:${hash}\n:${hash}\nok:${hash}\nok:${hash}\n${"é".repeat(33)}:${hash}`,
  );
  assert.deepEqual(
    imported.accounts.map((account) => account.name),
    ["ok"],
  );
  assert.deepEqual(
    imported.complaints.map((complaint) => complaint.line),
    [1, 2, 3, 5, 6],
  );
});

test("one malformed line imports nothing unless malformed lines are skipped", () => {
  const imported = parse("htpasswd", "a:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\nbroken\nworse\n");
  const code = { code: "SALLYPORT_CONFIG_IMPORT", message: /^line 2: .*\(and 1 more\); nothing was imported$/ };
  assert.throws(() => acceptedAccounts(imported, { skipMalformed: false }), code);
  assert.equal(acceptedAccounts(imported, { skipMalformed: true }).length, 1);
  const warned = parse("htpasswd", "a:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=:comment");
  assert.equal(acceptedAccounts(warned, { skipMalformed: false }).length, 1, "a warning does not stop it");
});

test("a file of another kind ends after a hundred complaints", () => {
  const garbage = "\x00\xff\x01 garbage\n".repeat(100_000);
  for (const format of formats) {
    const imported = parse(format, garbage);
    assert.deepEqual(imported.accounts, [], format);
    assert.equal(imported.complaints.length, 101, format);
  }
});

test("no complaint repeats a password or a hash", () => {
  const secret = "hunter22";
  for (const format of formats) {
    const texts = [
      secret,
      `a:${secret}`,
      `a:${secret}:1:1::/h:/s`,
      `a:$6$${secret}:1:1::/h:::`,
      `\n${secret}`,
      `a\n${secret.repeat(200)}`,
    ];
    for (const text of texts)
      assert.equal(reasons(parse(format, text)).join().includes(secret), false, `${format} ${text}`);
  }
});

test("no parser throws, and every account it gives can be stored", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-import-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  await using accounts = await AccountDatabase.open(join(directory, "accounts.db"), { create: true });
  const field = fc.oneof(
    fc.constantFrom(
      "a",
      "!",
      "/h",
      "/h/./x",
      "1",
      "0",
      "",
      "$1$x$zL.kfe1vxEQiGN4uGxkCF1",
      "!{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const line = fc.array(field, { maxLength: 20 }).map((fields) => fields.join(":"));
  const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.join("\n"));
  const checked = fc.asyncProperty(
    text,
    fc.constantFrom("htpasswd", "proftpd", "pureftpd"),
    async (content, format) => {
      await accounts.import(parse(format, content).accounts, { onExisting: "replace" });
      parse("vsftpd", content);
    },
  );
  await fc.assert(checked, { numRuns: 200 });
});

function parse(format: ImportFormat, text: string, servedDirectory?: string): ImportedAccounts {
  return importParsers[format](text, { limits, ...(servedDirectory === undefined ? {} : { servedDirectory }) });
}

function reasons(imported: ImportedAccounts): string[] {
  return imported.complaints.map(({ line, severity, reason }) => `${line} ${severity} ${reason}`);
}

function present(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
