import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ListingReader, octetsFromBytes, type ParsedEntry, precisionMs, resolveListedTime } from "@sallyport/protocol";

const nowMs = Date.now();
const dayMs = 86_400_000;
const options = ["-l", "-la", "-li", "-ls", "-lis", "-ln", "-lo", "-lg", "-log", "-lp", "-lR", "--block-size='1 -l"];
const styles = [
  "",
  "locale",
  "full-iso",
  "long-iso",
  "iso",
  "+%d-%m-%Y %H:%M:%S",
  "+%Y/%m/%d %H:%M",
  "+%e. %b %H:%M:%S %Y",
];

test(
  "what the ls of this machine says is what the files are",
  { skip: isGnu() ? false : "needs GNU ls" },
  (context) => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-ls-"));
    context.after(() => rmSync(folder, { recursive: true }));
    fill(folder);
    const names = readdirSync(folder);
    for (const option of options) {
      for (const style of styles) {
        const label = `ls ${option} ${style}`;
        const { entries, unparsed } = ls(folder, [
          ...option.split(" "),
          ...(style === "" ? [] : [`--time-style=${style}`]),
        ]);
        assert.deepEqual(unparsed, { count: 0, examples: [] }, label);
        const top = entries.filter(({ section }) => section === undefined || section === folder);
        assert.deepEqual(top.map(({ name }) => textOf(name)).toSorted(), names.toSorted(), label);
        for (const entry of top) assertTrue(entry, folder, `${label}: ${entry.raw}`);
      }
    }
  },
);

function fill(folder: string): void {
  const agesDays = [0, 30, 170, 200, 4000, 20_000];
  const names = [
    "plain",
    "two words",
    " leading",
    "trailing ",
    "ümläut 日本",
    "a -> b",
    "Jan  1 10:00 2020 x",
    "-rw-r--r-- 1 u",
  ];
  for (const [at, name] of names.entries()) {
    const path = join(folder, name);
    writeFileSync(path, "x".repeat(at * 1000));
    const seconds = Math.floor((nowMs - (agesDays[at % agesDays.length] ?? 0) * dayMs) / 1000);
    utimesSync(path, seconds, seconds);
  }
  mkdirSync(join(folder, "directory"), { mode: 0o751 });
  writeFileSync(join(folder, "directory", "inner"), "");
  symlinkSync("two words", join(folder, "link"));
  symlinkSync("x -> y", join(folder, "link -> link"));
  execFileSync("mkfifo", [join(folder, "fifo")]);
}

function ls(folder: string, args: readonly string[]) {
  const output = execFileSync("ls", [...args, folder], {
    env: { LC_ALL: "C.UTF-8", TZ: "UTC", PATH: process.env["PATH"] },
  });
  const reader = new ListingReader({ nowMs });
  const entries = [...reader.push(octetsFromBytes(output)), ...reader.end()];
  return { entries, unparsed: reader.unparsed };
}

function assertTrue(entry: ParsedEntry, folder: string, label: string): void {
  const stat = lstatSync(join(folder, textOf(entry.name)));
  const type = stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "symlink" : stat.isFIFO() ? "fifo" : "file";
  assert.equal(entry.type, type, label);
  assert.equal(entry.size, stat.size, label);
  assert.equal(entry.mode, stat.mode & 0o7777, label);
  const resolved = entry.time && resolveListedTime(entry.time, { nowMs, serverOffsetMinutes: 0 });
  assert.ok(resolved, label);
  const lateMs = stat.mtimeMs - resolved.timeMs;
  assert.ok(lateMs > -1e-3 && lateMs < precisionMs[resolved.precision] + 1e-3, `${label}: ${lateMs} ms`);
  if (type === "symlink") assert.equal(entry.target, entry.name === "link" ? "two words" : "x -> y", label);
}

function textOf(name: string): string {
  return Buffer.from(name, "latin1").toString();
}

function isGnu(): boolean {
  try {
    return execFileSync("ls", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).includes("GNU");
  } catch {
    return false;
  }
}
