import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  entryName,
  type FactEntry,
  type FactType,
  factNames,
  formatEntryLine,
  formatListingLine,
  formatNameLine,
  type ListingEntry,
  ListingReader,
  type ListingReaderOptions,
  octetsFromBytes,
  type Octets,
  type ParsedEntry,
  resolveListedTime,
} from "@sallyport/protocol";

const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);
const utc = { nowMs, serverOffsetMinutes: 0 };

/** Any name that a file can have, except what no line can carry. */
const name = fc
  .uint8Array({ minLength: 1, maxLength: 60 })
  .map((bytes) => octetsFromBytes(bytes.map((octet) => (octet === 0 || octet === 10 || octet === 13 ? 32 : octet))))
  .filter((candidate) => entryName(candidate) !== undefined);
/** Names that look like the columns of a line are the hard ones. */
const columnWord = fc.constantFrom(
  "Jan",
  " ",
  "  ",
  "12:00",
  "2021",
  "->",
  "4",
  "-rw-r--r--",
  ";1",
  "<DIR>",
  "\t",
  ",",
);
const namedLikeColumns = fc
  .array(columnWord, { minLength: 1, maxLength: 8 })
  .map((words) => words.join(" ") as Octets)
  .filter((candidate) => entryName(candidate) !== undefined);
const anyName = fc.oneof(name, namedLikeColumns);
const column = fc.stringMatching(/^[A-Za-z0-9_.\\-]{1,12}$/).map((text) => text as Octets);
const sizeBytes = fc.oneof(fc.nat(), fc.maxSafeNat());
const modifiedMs = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2199, 11, 31) });
const recentMs = fc.integer({ min: nowMs - 400 * 86_400_000, max: nowMs + 86_400_000 });
const listingEntry: fc.Arbitrary<ListingEntry> = fc
  .record({
    name: anyName,
    type: fc.constantFrom("file", "directory", "symbolic-link", "other"),
    sizeBytes,
    modifiedMs: fc.oneof(modifiedMs, recentMs),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    linkCount: fc.nat(),
    ownerName: column,
    groupName: column,
    target: fc.option(anyName, { nil: undefined }),
  })
  .map((entry) => (entry.target === undefined ? entry : { ...entry, sizeBytes: entry.target.length }));
const types = { file: "file", directory: "directory", "symbolic-link": "symlink", other: "unknown" } as const;

test("LIST of our server parses back to itself, whatever the names, sizes, times, modes and owners are", () => {
  fc.assert(
    fc.property(fc.array(listingEntry, { maxLength: 12 }), (entries) => {
      // Without a target, an arrow in the name of a link cannot be told from one that ls wrote.
      const said = entries.filter(({ name: text, target }) => target !== undefined || !text.includes(" -> "));
      const parsed = readAll(said.map((entry) => `${formatListingLine(entry, nowMs)}\r\n`).join("") as Octets);
      assert.equal(parsed.length, said.length);
      for (const [at, entry] of said.entries()) assertSame(parsed[at], entry);
    }),
    { numRuns: 1500 },
  );
});

const factTypes: Readonly<Record<FactType, string>> = {
  file: "file",
  dir: "directory",
  cdir: "current-directory",
  pdir: "parent-directory",
  slink: "symlink",
  other: "other",
};

test("MLSD of our server parses back to itself", () => {
  const factEntry: fc.Arbitrary<FactEntry> = fc.record({
    name: anyName,
    type: fc.constantFrom("file", "dir", "slink", "other"),
    sizeBytes,
    modifiedMs: fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(9999, 0, 1) }),
    perm: fc.constantFrom("", "elcm", "adfrw"),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    ownerName: column,
    groupName: column,
  });
  fc.assert(
    fc.property(fc.array(factEntry, { maxLength: 12 }), (entries) => {
      const text = entries.map((entry) => `${formatEntryLine(factNames, entry) ?? ""}\r\n`).join("") as Octets;
      const parsed = readAll(text, { command: "MLSD" });
      assert.equal(parsed.length, entries.length);
      for (const [at, entry] of entries.entries()) {
        const found = parsed[at];
        assert.ok(found);
        assert.equal(found.name, entry.name);
        assert.equal(found.component, entry.name);
        assert.equal(found.type, factTypes[entry.type ?? "other"]);
        assert.equal(found.size, entry.type === "file" ? entry.sizeBytes : undefined);
        assert.equal(found.time && resolveListedTime(found.time, { nowMs })?.timeMs, entry.modifiedMs);
        assert.equal(found.mode, entry.mode);
        assert.equal(found.owner, entry.ownerName);
        assert.equal(found.group, entry.groupName);
        assert.equal(found.permissions, entry.perm);
      }
    }),
    { numRuns: 1000 },
  );
});

test("NLST of our server parses back to itself, and paths have no component", () => {
  fc.assert(
    fc.property(fc.array(anyName, { maxLength: 12 }), (names) => {
      const text = names.map((entry) => `${formatNameLine(entry) ?? ""}\r\n`).join("") as Octets;
      const parsed = readAll(text, { command: "NLST" });
      assert.deepEqual(
        parsed.map(({ name: found }) => found),
        names,
      );
    }),
  );
  const [entry] = readAll("sub/x\r\n" as Octets, { command: "NLST" });
  assert.equal(entry?.name, "sub/x");
  assert.equal(entry?.component, undefined);
});

function assertSame(found: ParsedEntry | undefined, entry: ListingEntry): void {
  assert.ok(found);
  assert.equal(found.name, entry.name);
  assert.equal(found.component, entry.name);
  assert.equal(found.type, types[entry.type]);
  assert.equal(found.size, entry.sizeBytes);
  assert.equal(found.mode, entry.mode);
  assert.equal(found.linkCount, entry.linkCount);
  assert.equal(found.owner, entry.ownerName);
  assert.equal(found.group, entry.groupName);
  assert.equal(found.target, entry.type === "symbolic-link" ? entry.target : undefined);
  assert.ok(found.time);
  const unitMs = found.time.precision === "day" ? 86_400_000 : 60_000;
  const timeMs = Math.floor(entry.modifiedMs / unitMs) * unitMs;
  assert.deepEqual(resolveListedTime(found.time, utc), {
    timeMs,
    precision: found.time.precision,
    isOrderAssumed: false,
  });
}

function readAll(text: Octets, options: ListingReaderOptions = {}): readonly ParsedEntry[] {
  const reader = new ListingReader(options);
  const entries = [...reader.push(text), ...reader.end()];
  assert.deepEqual(reader.unparsed, { count: 0, examples: [] });
  return entries;
}
