import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { limitValues, type Octets, type VirtualPath, octetsFromText } from "@sallyport/protocol";
import { jsonFields } from "../src/log/json-fields.ts";
import { durationText, rateText, sizeText } from "../src/log/quantities.ts";
import type { EventKind, EventOf, ServiceEvent } from "../src/log/service-event.ts";
import { terminalLine } from "../src/log/terminal-line.ts";
import { EventLog } from "../src/log/event-log.ts";
import { LineBudget } from "../src/log/line-budget.ts";
import { LogFile } from "../src/log/log-file.ts";
import { snapshotEvents } from "../src/log/snapshot.ts";
import { xferlogLine } from "../src/log/xferlog.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-log-"));
after(() => rmSync(scratch, { recursive: true }));

const atMs = Date.UTC(2026, 10, 5, 7, 8, 9, 10);
const peer = { atMs, connection: 12, remoteAddress: "192.0.2.4", remotePort: 40_000 } as const;

const transfer: EventOf<"transfer"> = {
  ...peer,
  kind: "transfer",
  account: "alice",
  verb: "STOR",
  direction: "upload",
  path: octetsFromText("/in/a report.txt") as VirtualPath,
  bytes: 12_345_678,
  startedAtMs: atMs - 1500,
  durationMs: 1500,
  complete: true,
  type: "I",
  protectionLevel: "P",
  dataTls: { protocol: "TLSv1.3", suite: "TLS_AES_128_GCM_SHA256", resumed: true },
  anonymous: false,
};

const loginFailed: EventOf<"login-failed"> = { ...peer, kind: "login-failed", user: "bob", cause: "wrong password" };

const undelivered = {
  atMs,
  target: "/usr/local/bin/told",
  id: "an-id",
  notified: "published",
  cause: "exit code 1",
} as const;

/** One of each kind, which the compiler demands. */
const samples: { readonly [Kind in EventKind]: EventOf<Kind> } = {
  "service-started": {
    atMs,
    kind: "service-started",
    version: "1.0.0",
    process: 7,
    state: "/s",
    root: "/r",
    runAs: "ftp",
  },
  "demo-ready": {
    atMs,
    kind: "demo-ready",
    host: "localhost",
    explicitPort: 2121,
    implicitPort: undefined,
    demoAccount: "demo",
    passwordFile: "/s/demo-password",
    authority: "/s/tls/ca.pem",
    files: "/s/files",
  },
  "service-warning": { atMs, kind: "service-warning", cause: "c", fix: "f" },
  "certificate-loaded": {
    atMs,
    kind: "certificate-loaded",
    names: ["localhost"],
    notAfter: new Date(atMs),
    fingerprint: "AA:BB",
    pin: "sha256/AAAA=",
  },
  "certificate-renewed": { atMs, kind: "certificate-renewed", notAfter: new Date(atMs), authorityReplaced: true },
  "worker-started": { atMs, kind: "worker-started", worker: 0, process: 12 },
  "worker-ended": {
    atMs,
    kind: "worker-ended",
    worker: 1,
    process: 13,
    cause: "killed by SIGKILL",
    connectionsCount: 3,
    restartMs: 0,
  },
  "service-reloaded": {
    atMs,
    kind: "service-reloaded",
    changed: ["grace"],
    needRestart: ["workers"],
    endedCount: 1,
    refreshedCount: 2,
  },
  "reload-failed": { atMs, kind: "reload-failed", cause: "The key is gone." },
  "service-stopping": { atMs, kind: "service-stopping", cause: "SIGTERM" },
  "service-cut": { atMs, kind: "service-cut", cause: "SIGTERM" },
  "service-stopped": { atMs, kind: "service-stopped", durationMs: 1000 },
  "log-failed": { atMs, kind: "log-failed", file: "/x", cause: "ENOSPC" },
  "log-recovered": { atMs, kind: "log-recovered", file: "/x", linesLost: 3 },
  "notify-unreachable": {
    atMs,
    kind: "notify-unreachable",
    target: "https://hook.example",
    cause: "it answered 503",
    waiting: 1,
  },
  "notify-reached": { atMs, kind: "notify-reached", target: "https://hook.example", waiting: 12 },
  "notify-postponed": { ...undelivered, kind: "notify-postponed", retryMs: 1000 },
  "notify-refused": { ...undelivered, kind: "notify-refused" },
  "notify-given-up": { atMs, kind: "notify-given-up", target: "/usr/local/bin/told", count: 3 },
  "notify-failed": { atMs, kind: "notify-failed", target: "/usr/local/bin/told", cause: "the disk is full" },
  "notifications-dropped": { atMs, kind: "notifications-dropped", count: 2, cause: "the outbox is full" },
  "upload-digested": {
    ...peer,
    kind: "upload-digested",
    account: "alice",
    id: "an-id",
    path: transfer.path,
    sha256: "ab12",
  },
  "lines-left-out": { atMs, kind: "lines-left-out", linesCount: 9, cause: "nobody read the log" },
  "connection-shown": {
    ...peer,
    kind: "connection-shown",
    tlsMode: "explicit",
    openedAtMs: atMs,
    activity: "upload /x",
    bytes: 2_000_000,
    bytesPerSecond: 1000,
  },
  "connections-shown": { atMs, kind: "connections-shown", connectionsCount: 3, loginsCount: 2, transfersCount: 1 },
  "address-forgiven": {
    atMs,
    kind: "address-forgiven",
    remoteAddress: "192.0.2.4",
    host: "192.0.2.4",
    wasBanned: true,
  },
  "address-banned": {
    atMs,
    kind: "address-banned",
    remoteAddress: "2001:db8::7",
    host: "2001:db8:0:0::/64",
    until: new Date(atMs),
    cause: "too many wrong passwords",
  },
  "listener-bound": { atMs, kind: "listener-bound", tlsMode: "implicit", address: "::1", port: 2990 },
  "connection-refused": { atMs, kind: "connection-refused", remoteAddress: "192.0.2.4", cause: "too many" },
  "connection-opened": {
    ...peer,
    kind: "connection-opened",
    tlsMode: "explicit",
    localAddress: "192.0.2.1",
    localPort: 21,
  },
  "tls-established": {
    ...peer,
    kind: "tls-established",
    tls: {
      protocol: "TLSv1.3",
      suite: "TLS_AES_128_GCM_SHA256",
      group: "X25519MLKEM768",
      resumed: false,
      serverName: "ftp.example.org",
      alpn: undefined,
      clientCertificate: undefined,
    },
  },
  "tls-failed": { ...peer, kind: "tls-failed", cause: "no shared cipher" },
  "security-established": {
    ...peer,
    kind: "security-established",
    mechanism: "GSSAPI",
    principal: "alice@EXAMPLE.ORG",
  },
  "security-failed": { ...peer, kind: "security-failed", mechanism: "GSSAPI", cause: "a wrong key" },
  "attack-suspected": { ...peer, kind: "attack-suspected", cause: "clear octets after AUTH" },
  login: { ...peer, kind: "login", account: "alice", user: "alice", method: "password" },
  "login-failed": loginFailed,
  command: { ...peer, kind: "command", line: "PASS ****" as Octets },
  reply: { ...peer, kind: "reply", line: "230 In" as Octets },
  "command-refused": {
    ...peer,
    kind: "command-refused",
    verb: "STOR",
    replyCode: 553,
    path: "/a" as VirtualPath,
    cause: "/a: the account may not create here",
  },
  "data-connection-failed": {
    ...peer,
    kind: "data-connection-failed",
    verb: "STOR",
    replyCode: 425,
    cause: "nobody came",
    fix: "open the ports",
  },
  transfer,
  changed: { ...peer, kind: "changed", change: "renamed", path: "/a" as VirtualPath, newPath: "/b" as VirtualPath },
  "internal-error": { ...peer, kind: "internal-error", incident: "4711", error: new Error("boom") },
  "connection-closed": { ...peer, kind: "connection-closed", cause: "QUIT", durationMs: 61_000 },
};

function plain(event: ServiceEvent): string {
  return terminalLine(event, { terminal: false, colours: false });
}

describe("lines for people", () => {
  test("every event is one line with its time, and colours change nothing but colours", () => {
    for (const event of Object.values<ServiceEvent>(samples)) {
      const line = plain(event);
      assert.match(line, /^2026-11-05T07:08:09\.010Z  [^\n]+\n$/, event.kind);
      const coloured = terminalLine(event, { terminal: true, colours: true });
      assert.notEqual(coloured, stripVTControlCharacters(coloured), event.kind);
      assert.equal(stripVTControlCharacters(coloured), terminalLine(event, { terminal: true, colours: false }));
    }
  });

  test("what is clear and what is encrypted is told by words and signs", () => {
    assert.match(plain(samples["connection-opened"]), /□ connected .*clear until AUTH/);
    assert.match(plain(samples["tls-established"]), /■ encrypted +TLS 1\.3, TLS_AES_128_GCM_SHA256, X25519MLKEM768/);
    assert.match(
      plain(transfer),
      /■ upload +alice  \/in\/a report\.txt, 12 MB in 1\.5 s, 8\.2 MB\/s, TLS 1\.3 resumed/,
    );
    assert.match(plain({ ...transfer, protectionLevel: "C", dataTls: undefined } as never), /□ upload .*clear/);
  });

  test("S-09 nothing that a peer says makes a second line, leaves its quotes, or steers a terminal", () => {
    const hostile = 'x" from 1.2.3.4\r\n2026-11-05T07:08:09.010Z  #1     1.2.3.4  login failed\u001b[2J\u202e';
    for (const event of [
      { ...loginFailed, user: hostile, cause: hostile },
      { ...transfer, path: octetsFromText(hostile) as VirtualPath },
      { ...samples.command, line: octetsFromText(hostile) },
    ]) {
      const line = plain(event);
      // oxlint-disable-next-line no-control-regex -- control characters are the point
      assert.match(line, /^[^\u0000-\u001f\u007f-\u009f\u202e]+\n$/);
      assert.match(line, /^2026-11-05T07:08:09\.010Z  #12    192\.0\.2\.4 /);
    }
    assert.match(plain({ ...loginFailed, user: 'a"b' }), /user "a\\"b": wrong password/);
  });
});

describe("JSON lines", () => {
  test("begin with time, event, connection and address, whatever the peer said", () => {
    const text = JSON.stringify(jsonFields({ ...loginFailed, user: '","remoteAddress":"1.2.3.4' }));
    assert.ok(
      text.startsWith(
        '{"time":"2026-11-05T07:08:09.010Z","event":"login-failed","connection":12,"remoteAddress":"192.0.2.4",',
      ),
    );
  });

  test("names are readable, invalid UTF-8 is escaped, errors keep their stack", () => {
    const fields = jsonFields({ ...transfer, path: "/\xff\xc3\xa9" as VirtualPath });
    assert.equal(fields["path"], "/%FF%C3%A9");
    assert.equal(jsonFields({ ...transfer, path: "/\xc3\xa9" as VirtualPath })["path"], "/é");
    assert.equal(jsonFields({ ...transfer, durationMs: 12.345678 })["durationMs"], 12.3);
    const { error } = jsonFields(samples["internal-error"]);
    assert.ok(typeof error === "object" && error !== null && "stack" in error);
  });
});

describe("fail2ban", () => {
  const filter = join(import.meta.dirname, "../fail2ban/filter.d/sallyport.conf");
  const installed = spawnSync("fail2ban-regex", ["--version"]).status === 0;

  function bannedAddresses(lines: readonly string[]): string[] {
    const log = join(scratch, "fail2ban.log");
    writeFileSync(log, lines.join(""));
    const { status, stdout, stderr } = spawnSync("fail2ban-regex", ["-o", "ip", log, filter], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return stdout.split("\n").filter((line) => line !== "");
  }

  const json = (event: ServiceEvent) => `${JSON.stringify({ level: "warn", ...jsonFields(event) })}\n`;
  const now = { atMs: Date.now() };
  const failure = { ...loginFailed, ...now };
  const v6 = { ...failure, remoteAddress: "2001:db8::7" };
  const attack = { ...samples["attack-suspected"], ...now };

  test(
    "the filter finds failed logins and attacks in both kinds of log",
    { skip: !installed && "fail2ban is not installed" },
    () => {
      assert.deepEqual(bannedAddresses([plain(failure), plain(v6), plain(attack)]), [
        "192.0.2.4",
        "2001:db8::7",
        "192.0.2.4",
      ]);
      assert.deepEqual(bannedAddresses([json(failure), json(v6), json(attack)]), [
        "192.0.2.4",
        "2001:db8::7",
        "192.0.2.4",
      ]);
      const journal = `Nov 22 09:45:12 host sallyport[99]: ${plain(failure)}`;
      assert.deepEqual(bannedAddresses([journal]), ["192.0.2.4"]);
    },
  );

  test(
    "S-09 no name of a user or file makes it ban somebody else, or nobody",
    { skip: !installed && "fail2ban is not installed" },
    () => {
      const names = [
        "login failed",
        "#1 10.9.9.9 login failed x",
        '","event":"login-failed","connection":1,"remoteAddress":"10.9.9.9","x":"',
        '{"level":"warn","time":"","event":"login-failed","connection":1,"remoteAddress":"10.9.9.9",',
        "\n#1     10.9.9.9        login failed  user",
        "2026-11-05T07:08:09.010Z #1 10.9.9.9 login failed ",
      ];
      for (const name of names) {
        const harmless = { ...transfer, ...now, path: octetsFromText(`/${name}`) as VirtualPath };
        const login = { ...samples.login, ...now, user: name };
        assert.deepEqual(bannedAddresses([plain(harmless), json(harmless), plain(login), json(login)]), [], name);
        const failed = { ...failure, user: name };
        assert.deepEqual(bannedAddresses([plain(failed), json(failed)]), ["192.0.2.4", "192.0.2.4"], name);
      }
    },
  );
});

describe("xferlog", () => {
  test("has the fourteen fields of wu-ftpd", () => {
    const line = xferlogLine({ ...transfer, atMs: new Date(2026, 10, 5, 7, 8, 9).getTime() }) ?? "";
    assert.equal(line, "Thu Nov  5 07:08:09 2026 2 192.0.2.4 12345678 /in/a_report.txt b _ i r alice ftp 0 * c\n");
    const download = { ...transfer, direction: "download", complete: false, type: "A", anonymous: true } as const;
    assert.match(xferlogLine(download) ?? "", / a _ o a alice ftp 0 \* i\n$/);
    assert.equal(xferlogLine({ ...transfer, direction: "listing" }), undefined);
  });

  test("S-09 a line has the same number of fields whatever the names are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (path, account) => {
        const line = xferlogLine({ ...transfer, path: octetsFromText(`/${path}`) as VirtualPath, account }) ?? "";
        assert.equal(line.match(/\n/g)?.length, 1);
        assert.equal(line.trimEnd().split(/\s+/).length, 18);
      }),
    );
  });

  test("is appended to, and starts anew after rotation", () => {
    const path = join(scratch, "xferlog");
    const line = xferlogLine(transfer) ?? "";
    const watcher = { onFailed: () => assert.fail(), onRecovered: () => assert.fail() };
    using log = new LogFile(path, "transfer log", watcher);
    log.write(line);
    renameSync(path, `${path}.1`);
    log.reopen();
    log.write(line);
    for (const file of [path, `${path}.1`]) assert.equal(readFileSync(file, "utf8"), line);
    assert.throws(() => new LogFile(join(scratch, "missing", "xferlog"), "transfer log", watcher), {
      code: "SALLYPORT_LOG_UNWRITABLE",
    });
  });
});

describe("logs of a server that root starts", { skip: process.getuid?.() !== 0 && "needs root" }, () => {
  const nobody = 65_534;
  const written = { json: false, transcript: false, quiet: false, runAs: "nobody" } as const;

  test("belong to the user that the server becomes, who has to open them again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-log-"));
    chownSync(folder, nobody, nobody);
    const [file, xferlog] = [join(folder, "server.log"), join(folder, "xferlog")];
    await using log = new EventLog({ ...written, file, xferlog });
    log.onEvent({ kind: "service-cut", atMs, cause: "SIGTERM" });
    for (const path of [file, xferlog]) assert.equal(statSync(path).uid, nobody, path);
    assert.equal(process.geteuid?.(), 0);
    rmSync(folder, { recursive: true });
  });

  test("are refused at once where that user could not open them again", () => {
    chmodSync(scratch, 0o755);
    assert.throws(() => new EventLog({ ...written, file: join(scratch, "root-alone.log") }), {
      code: "SALLYPORT_LOG_UNWRITABLE",
      message: /by user number 65534 \(EACCES\)/,
    });
    assert.equal(process.geteuid?.(), 0);
  });
});

describe("a log that cannot be written", () => {
  test("a full disk costs lines, is told once, and how many are missing afterwards", () => {
    const path = join(scratch, "full");
    symlinkSync("/dev/full", path);
    const told: unknown[] = [];
    using log = new LogFile(path, "transfer log", {
      onFailed: (cause) => told.push(cause),
      onRecovered: (linesLost) => told.push(linesLost),
    });
    log.write("one\n");
    log.write("two\n");
    assert.deepEqual(told, ["ENOSPC"]);
    rmSync(path);
    log.reopen();
    log.write("three\n");
    log.write("four\n");
    assert.deepEqual(told, ["ENOSPC", 2]);
    assert.equal(readFileSync(path, "utf8"), "three\nfour\n");
  });

  test("a pipe without a reader is refused, and one whose reader stands still makes nothing wait", () => {
    const path = join(scratch, "pipe");
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    const told: string[] = [];
    const watcher = { onFailed: (cause: string) => told.push(cause), onRecovered: () => assert.fail() };
    assert.throws(() => new LogFile(path, "transfer log", watcher), { code: "SALLYPORT_LOG_UNWRITABLE" });
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    using log = new LogFile(path, "transfer log", watcher);
    const line = `${"x".repeat(1000)}\n`;
    for (let written = 0; written < 200; written++) log.write(line);
    assert.deepEqual(told, ["EAGAIN"]);
    closeSync(reader);
  });

  test("a transfer log on a full disk loses neither the main log nor the event", async () => {
    const [file, xferlog] = [join(scratch, "main.log"), "/dev/full"];
    {
      await using log = new EventLog({ json: false, transcript: false, quiet: false, file, xferlog });
      log.onEvent(transfer);
      log.onEvent(transfer);
    }
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => / (upload|log failed) /.exec(line)?.[1]),
      ["log failed", "upload", "upload"],
    );
    assert.match(lines[0] ?? "", /\/dev\/full cannot be written \(ENOSPC\)/);
  });
});

test("the main log goes on in a new file after rotation", async () => {
  const file = join(scratch, "rotated.log");
  {
    await using log = new EventLog({ json: false, transcript: false, quiet: false, file });
    log.onEvent(samples.login);
    await new Promise((resolve) => setTimeout(resolve, 50));
    renameSync(file, `${file}.1`);
    log.reopen();
    log.onEvent(loginFailed);
  }
  assert.match(readFileSync(`${file}.1`, "utf8"), /^[^\n]* login  [^\n]*\n$/);
  assert.match(readFileSync(file, "utf8"), /^[^\n]* login failed [^\n]*\n$/);
  const missing = { json: false, transcript: false, quiet: false, file: join(scratch, "missing", "log") };
  assert.throws(() => new EventLog(missing), { code: "SALLYPORT_LOG_UNWRITABLE" });
});

describe("a flood of refusals", () => {
  const limits = limitValues({ logRefusalsPerHostCount: 3, logRefusalsCount: 5, logRefusalsMs: 100_000 });
  const refused = (remoteAddress: string) => ({ ...samples["command-refused"], remoteAddress });

  test("is bounded for each address and in all, what is left out is counted, and other lines are not", () => {
    const told: number[] = [];
    const budget = new LineBudget(limits, ({ linesCount }) => told.push(linesCount));
    const admitted = (address: string, count: number) =>
      Array.from({ length: count }, () => budget.admits(refused(address))).filter(Boolean).length;
    assert.deepEqual([admitted("192.0.2.1", 10), admitted("192.0.2.2", 1), admitted("2001:db8::1", 10)], [3, 1, 1]);
    assert.equal(budget.admits(loginFailed), true);
    budget[Symbol.dispose]();
    assert.deepEqual(told, [16]);
    assert.equal(admitted("192.0.2.1", 10), 3);
    budget[Symbol.dispose]();
  });

  test("tells by itself when its minute is over", async () => {
    const told: number[] = [];
    using budget = new LineBudget({ ...limits, logRefusalsMs: 30 }, ({ linesCount }) => told.push(linesCount));
    for (let count = 0; count < 4; count++) budget.admits(refused("192.0.2.1"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(told, [1]);
    assert.equal(budget.admits(refused("192.0.2.1")), true);
  });
});

test("a snapshot has a line for everybody and a sum", () => {
  const status = {
    connection: 7,
    remoteAddress: "192.0.2.4",
    remotePort: 9,
    tlsMode: "implicit",
    openedAtMs: atMs,
  } as const;
  const transferring = {
    kind: "transferring",
    verb: "RETR",
    direction: "download",
    path: "/a b" as VirtualPath,
    protectionLevel: "P",
    bytes: 3_000_000,
    startedAtMs: 0,
    durationMs: 1000,
    bytesPerSecond: 3_000_000,
  } as const;
  const tls = { protocol: "TLSv1.3", suite: "TLS_AES_128_GCM_SHA256" };
  const lines = snapshotEvents(
    [
      { ...status, account: "alice", tls, activity: transferring },
      { ...status, activity: { kind: "greeting" } },
    ],
    atMs,
  ).map(plain);
  assert.deepEqual(
    lines.map((line) => line.replace(/^.*now +/, "")),
    [
      "alice  implicit TLS 1.3, download /a b, 3.0 MB, 3.0 MB/s\n",
      "implicit clear, TLS not begun\n",
      "2 connected, 1 logged in, 1 transferring\n",
    ],
  );
});

test("sizes, durations and rates are short and true", () => {
  assert.deepEqual([0, 999, 1000, 9949, 12_345, 999_499, 999_500, 5e9].map(sizeText), [
    "0 B",
    "999 B",
    "1.0 kB",
    "9.9 kB",
    "12 kB",
    "999 kB",
    "1.0 MB",
    "5.0 GB",
  ]);
  assert.deepEqual([0, 12.4, 999.6, 61_000, 600_000, 9_000_000].map(durationText), [
    "0 ms",
    "12 ms",
    "1.0 s",
    "61 s",
    "10 min",
    "2 h 30 min",
  ]);
  assert.deepEqual([rateText(2e6, 1000), rateText(2e6, 0), rateText(999_999, 10)], ["2.0 MB/s", "", ""]);
});
