import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  limits,
  ListingReader,
  type ListingReaderOptions,
  octetsFromBytes,
  octetsFromText,
  type Octets,
  type ParsedEntry,
  parseListingLine,
} from "@sallyport/protocol";
import { ownLines } from "./own-lines.ts";
import { said } from "./said.ts";

test("a listing split at any octet, or octet by octet, gives the same entries", () => {
  const whole = listing(mixed);
  assert.ok(whole.entries.length > 10);
  const sent = octetsFromText(mixed);
  for (let at = 0; at <= sent.length; at++) {
    const split = read([sent.slice(0, at), sent.slice(at)]);
    assert.deepEqual(split, whole, `split at ${at}`);
  }
  assert.deepEqual(read(sent.split("")), whole);
});

test("LF, CR LF and CR CR LF end lines, and the last line needs none", () => {
  const lines = ["total 3", "-rw-r--r-- 1 u g 5 Jan  2  2020 a", "", "-rw-r--r-- 1 u g 6 Jan  2  2020 b "];
  for (const end of ["\n", "\r\n", "\r\r\n"]) {
    for (const last of ["", end]) {
      const { entries, unparsed } = listing(lines.join(end) + last);
      assert.deepEqual(
        entries.map(({ name }) => name),
        ["a", "b "],
      );
      assert.equal(unparsed.count, 0);
    }
  }
});

test("a listing of all formats at once: every line is read as it is alone", () => {
  const lines = ownLines.filter(({ format, latin1, line, expect }) => {
    return format !== "MLSx" && latin1 !== true && !line.includes("\n") && typeof expect === "object";
  });
  const alone = lines.flatMap(({ line }) => listing(`${line}\r\n`).entries);
  const together = listing(lines.map(({ line }) => `${line}\r\n`).join("")).entries;
  const plain = (entries: readonly ParsedEntry[]) => entries.map((entry) => ({ ...said(entry), family: entry.family }));
  assert.deepEqual(plain(together), plain(alone));
});

test("what ls complains about is counted, with bounded examples, and the entries around it are read", () => {
  const complaint = "/bin/ls: cannot access 'x': Permission denied";
  const long = `ls: cannot access '${"y".repeat(5000)}': No such file`;
  const text = `${complaint}\n-rw-r--r-- 1 u g 5 Jan  2  2020 a\n${`${long}\n`.repeat(100)}-rw-r--r-- 1 u g 5 Jan  2  2020 b\n`;
  const { entries, unparsed } = listing(text);
  assert.deepEqual(
    entries.map(({ name }) => name),
    ["a", "b"],
  );
  assert.equal(unparsed.count, 101);
  assert.equal(unparsed.examples[0], complaint);
  assert.equal(unparsed.examples.length, limits.listingUnparsedCount.value);
  assert.equal(unparsed.examples[1]?.length, limits.listingUnparsedBytes.value);
});

test("a line longer than allowed is skipped whole, wherever chunks end, and the next one is read", () => {
  const max = limits.listingLineBytes.value;
  const start = "-rw-r--r-- 1 u g 5 Jan  2  2020 ";
  const fits = start + "n".repeat(max - start.length);
  const text = `${fits}\r\n${fits}n\r\n${"z".repeat(1_000_000)}\n-rw-r--r-- 1 u g 5 Jan  2  2020 a\n` as Octets;
  for (const chunk of [text.length, 65_536, 4099]) {
    const chunks = Array.from({ length: Math.ceil(text.length / chunk) }, (_, at) =>
      text.slice(at * chunk, (at + 1) * chunk),
    );
    const { entries, unparsed } = read(chunks);
    assert.deepEqual(
      entries.map(({ name }) => name.length),
      [max - start.length, 1],
    );
    assert.equal(unparsed.count, 2);
    assert.ok(unparsed.examples.every(({ length }) => length <= limits.listingUnparsedBytes.value));
  }
});

test("S-20 names that lead elsewhere have no component; . and .. are dropped", () => {
  const names = [".", "..", "../../etc/passwd", "/etc/passwd", "a/b", "nul\0", "cr\rlf", "fine", "..fine", "\\", "C:"];
  const ls = listing(names.map((name) => `-rw-r--r-- 1 u g 5 Jan  2  2020 ${name}\n`).join(""));
  const mlsd = listing(names.map((name) => `type=file; ${name}\r\n`).join(""), { command: "MLSD" });
  const nlst = listing(names.map((name) => `${name}\r\n`).join(""), { command: "NLST" });
  for (const { entries } of [ls, mlsd, nlst]) {
    assert.deepEqual(
      entries.map(({ name }) => name),
      names.slice(2),
    );
    assert.deepEqual(
      entries.flatMap(({ component }) => component ?? []),
      ["fine", "..fine", "\\", "C:"],
    );
  }
  const cdir = listing("type=cdir;perm=el; /pub\r\ntype=pdir; /\r\ntype=dir; sub\r\n", { command: "MLSD" });
  assert.deepEqual(
    cdir.entries.map(({ name }) => name),
    ["sub"],
  );
});

test("ls -R: entries tell the directory that was named above them", () => {
  const text =
    ".:\ntotal 4\ndrwxr-xr-x 2 u g 4096 Jan  2 10:00 sub\n-rw-r--r-- 1 u g 5 Jan  2 10:00 x:\n\n" +
    "./sub:\ntotal 0\n-rw-r--r-- 1 u g 5 Jan  2 10:00 y\n";
  const { entries, unparsed } = listing(text);
  assert.deepEqual(
    entries.map(({ name, section }) => [name, section]),
    [
      ["sub", undefined],
      ["x:", undefined],
      ["y", "./sub"],
    ],
  );
  assert.equal(unparsed.count, 0);
});

test("VMS: long names are joined with what follows, and a name that nothing follows stands alone", () => {
  const text =
    "\r\nDirectory DISK:[JO]\r\n\r\nA_VERY_LONG_NAME.TXT;3\r\n      4/9   1-FEB-2003 04:05:06  [JO]  (RWED,RWED,,)\r\n" +
    "ALONE.TXT;1\r\nSUB.DIR;1\r\nSHORT.TXT;2  1/3 1-FEB-2003 04:05:06 [JO] (RWED,RWED,,)\r\nLAST.TXT;9\r\n\r\nTotal of 5 files, 5 blocks.\r\n";
  const { entries, unparsed } = listing(text);
  assert.deepEqual(
    entries.map(({ name, type, size, version }) => [name, type, size, version]),
    [
      ["A_VERY_LONG_NAME.TXT", "file", 2048, 3],
      ["ALONE.TXT", "unknown", undefined, 1],
      ["SUB", "directory", undefined, 1],
      ["SHORT.TXT", "file", 512, 2],
      ["LAST.TXT", "unknown", undefined, 9],
    ],
  );
  assert.equal(unparsed.count, 0);
  assert.equal(entries[0]?.raw.split("\n").length, 2);
});

test("one date shows the order of all dates of the listing, also of those before it", () => {
  const dos = (date: string) => `${date}  10:00    5 f\r\n`;
  const dates = (text: string) =>
    listing(text).entries.map((entry) => [said(entry).modify?.slice(0, 10), entry.time?.isOrderAssumed]);
  assert.deepEqual(dates(dos("01/02/2020") + dos("03/02/2020")), [
    ["2020-01-02", true],
    ["2020-03-02", true],
  ]);
  assert.deepEqual(dates(dos("01/02/2020") + dos("25/02/2020") + dos("03/02/2020")), [
    ["2020-02-01", false],
    ["2020-02-25", false],
    ["2020-02-03", false],
  ]);
  assert.deepEqual(dates(dos("25/02/2020") + dos("02/25/2020") + dos("01/02/2020")), [
    ["2020-02-25", false],
    ["2020-02-25", false],
    ["2020-01-02", true],
  ]);
  assert.deepEqual(dates("01-02-20  10:00AM    5 f\r\n02-03-20  01:00PM   5 g\r\n"), [
    ["2020-01-02", false],
    ["2020-02-03", false],
  ]);
});

test("IBM i: where the order is the server's setting, the years that lie closest together decide", () => {
  const line = (date: string) => `JO            4096 ${date} 10:00:00 *STMF      f\r\n`;
  const dates = (all: string[], nowMs?: number) =>
    listing(all.map((date) => line(date)).join(""), { nowMs }).entries.map((entry) => said(entry).modify?.slice(0, 10));
  assert.deepEqual(dates(["04/03/18", "04/03/24"]), ["2004-03-18", "2004-03-24"]);
  assert.deepEqual(dates(["10/03/18", "11/02/18"]), ["2018-10-03", "2018-11-02"]);
  assert.deepEqual(dates(["20/03/18", "11/02/18"]), ["2018-03-20", "2018-02-11"]);
  assert.deepEqual(dates(["18/03/20"]), ["2020-03-18"], "the usual order of those that exist");
  assert.deepEqual(dates(["18/03/30"], Date.UTC(2026, 0, 1)), ["2018-03-30"], "2030 is to come");
});

test("entries are held back for the order of dates up to the limit, then it is assumed; a later line corrects what follows", () => {
  const reader = new ListingReader({ lookAheadMax: 10 });
  const line = (date: string) => octetsFromText(`${date}  10:00    5 f\r\n`);
  const counts = Array.from({ length: 10 }, () => reader.push(line("01/02/2020")).length);
  assert.deepEqual(counts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 10]);
  assert.equal(reader.push(line("01/02/2020"))[0]?.time?.month, 1);
  assert.equal(reader.push(line("25/02/2020"))[0]?.time?.month, 2);
  assert.equal(reader.push(line("01/02/2020"))[0]?.time?.month, 2);
  assert.deepEqual(reader.end(), []);
});

test("no octets make a reader throw, and what it returns does not depend on chunks", () => {
  const columns = fc.constantFrom(...ownLines.map(({ line }) => line).flatMap((line) => line.split(/(?<= )/)));
  const shuffled = fc.array(columns, { maxLength: 14 }).map((parts) => octetsFromText(parts.join("")));
  const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => octetsFromBytes(bytes));
  const lines = fc.array(fc.oneof(shuffled, noise, fc.constantFrom(...(["\n", "\r\n"] as Octets[]))), {
    maxLength: 12,
  });
  const commands = fc.constantFrom("LIST", "MLSD", "NLST");
  fc.assert(
    fc.property(lines, commands, fc.nat(), (parts, command, cut) => {
      const text = parts.join("\n");
      const at = cut % (text.length + 1);
      const whole = read([text], { command });
      assert.deepEqual(read([text.slice(0, at), text.slice(at)], { command }), whole);
      for (const { name } of whole.entries) assert.ok(name !== "" && name !== "." && name !== "..");
    }),
    { numRuns: 3000 },
  );
});

test("S-17 the time of a line is linear in its length, whatever it repeats", () => {
  const bytes = limits.listingLineBytes.value;
  const starts = [
    "",
    "-rw-r--r-- ",
    "-rw-r--r-- 1 u g 5 ",
    "type=",
    "+",
    "d [R] ",
    "a;1 ",
    "01-01-20 10:00 ",
    "1 ",
    "MEMB ",
  ];
  const parts = [
    "a ",
    " ",
    "1 ",
    "1",
    "a",
    ";",
    "=;",
    "/",
    "[",
    "( ",
    "-",
    "1,",
    "1/1 ",
    "Jan ",
    "Jan 1 ",
    "\xE6\x9C\x88",
    "a;1 ",
    "->",
    " -> ",
    "\t",
    ".",
    ":",
  ];
  let slowestMs = 0;
  for (const start of starts) {
    for (const part of parts) {
      const line = start + part.repeat(Math.floor((bytes - start.length) / part.length));
      const startMs = performance.now();
      parseListingLine(line as Octets);
      read([`${line}\n`, `${line}\n`]);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
    }
  }
  assert.ok(slowestMs < 1000, `three readings of 64 KiB took ${slowestMs} ms`);
});

interface Reading {
  readonly entries: readonly ParsedEntry[];
  readonly unparsed: ListingReader["unparsed"];
}

function listing(text: string, options?: ListingReaderOptions): Reading {
  return read([octetsFromText(text)], options);
}

function read(chunks: readonly string[], options: ListingReaderOptions = {}): Reading {
  const reader = new ListingReader(options);
  const entries = chunks.flatMap((chunk) => [...reader.push(chunk as Octets)]);
  entries.push(...reader.end());
  return { entries, unparsed: reader.unparsed };
}

/** Several formats, headings, a complaint, a continued line, dates whose order shows late. */
const mixed = [
  "total 12\r\n",
  "drwxr-xr-x   2 jo staff 4096 Apr  1 10:10 .\r\n",
  "-rw-r--r--   1 jo staff 4096 Apr  1 10:10 naïve name\r\n",
  "lrwxrwxrwx   1 jo staff    3 Apr  1 10:10 l -> t t\r\n",
  "ls: cannot access 'x': Permission denied\r\n",
  "01/02/2020  10:00  <DIR>   d1\r\r\n",
  "type=file;size=5;modify=20200102030405; facts\n",
  "25/02/2020  10:00  77 f1\r\n",
  "\r\n",
  "A_VERY_LONG_NAME.TXT;3\r\n",
  "      4/9   1-FEB-2003 04:05:06  [JO]  (RWED,RWED,,)\r\n",
  "ALONE.TXT;1\r\n",
  "+i1.2,m824255902,/,\tdev\r\n",
  "JO            4096 04/03/18 10:00:00 *STMF      f\r\n",
  "JO            4096 04/03/24 10:00:00 *DIR       g/\r\n",
  "SAVE01 3390   2004/06/23  1    1  FB     128  6144  PO    IN.COMING\r\n",
  "-rw-r--r--   1 jo staff 4096 Apr  1 10:10 last",
].join("");
