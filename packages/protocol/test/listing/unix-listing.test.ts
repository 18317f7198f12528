import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  formatListingLine,
  formatNameLine,
  listingOrder,
  type ListingEntry,
  type ListingOptions,
  noListingOptions,
  octetsFromBytes,
  octetsFromText,
  type Octets,
  parseListingArgument,
} from "@sallyport/protocol";

const octets = (text: string): Octets => octetsFromText(text);
const nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);

const file: ListingEntry = {
  name: octets("name"),
  type: "file",
  sizeBytes: 4096,
  modifiedMs: Date.UTC(2026, 8, 1, 2, 3, 59),
  mode: 0o640,
  linkCount: 2,
  ownerName: octets("owner"),
  groupName: octets("group"),
};
const parse = (argument: string | undefined) =>
  parseListingArgument(argument === undefined ? undefined : octets(argument));
const options = (changes: Partial<ListingOptions>): ListingOptions => ({ ...noListingOptions, ...changes });
const line = (changes: Partial<ListingEntry>) => formatListingLine({ ...file, ...changes }, nowMs);
const whenOf = (modifiedMs: number) => line({ modifiedMs }).slice(-17, -5);
const modeOf = (bits: number) => line({ mode: bits }).slice(0, 10);
const shownAs = (value: Octets) => value.replace(/[\r\n\0]/g, "?");

test("R-LIST-03 nine columns", () => {
  assert.equal(line({}), "-rw-r-----    2 owner    group            4096 Sep 01 02:03 name");
  assert.equal(
    formatListingLine({ name: octets("d"), type: "directory", sizeBytes: 0, modifiedMs: 0 }, nowMs),
    "drwxr-xr-x    1 ftp      ftp                 0 Jan 01  1970 d",
  );
});

test("R-LIST-03 links show their target", () => {
  const link = line({ type: "symbolic-link", mode: 0o777, target: octets("../a b") });
  assert.match(link, /^lrwxrwxrwx .* name -> \.\.\/a b$/);
  assert.match(line({ type: "symbolic-link" }), /name$/);
});

test("R-LIST-03 the time for half a year and a skewed clock, otherwise the year", () => {
  const halfYearMs = 15_778_476_000;
  assert.equal(whenOf(nowMs), "Nov 22 12:00");
  assert.equal(whenOf(nowMs - halfYearMs + 1), "May 23 21:05");
  assert.equal(whenOf(nowMs - halfYearMs), "May 23  2026");
  assert.equal(whenOf(nowMs + 3_599_999), "Nov 22 12:59");
  assert.equal(whenOf(nowMs + 3_600_000), "Nov 22  2026");
  assert.equal(whenOf(Date.UTC(2024, 1, 29)), "Feb 29  2024");
  assert.equal(whenOf(-1), "Dec 31  1969");
  assert.deepEqual(
    Array.from({ length: 12 }, (_, month) => whenOf(Date.UTC(2020, month, 15)).slice(0, 3)),
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" "),
  );
  assert.equal(whenOf(Number.NaN), "Jan 01  1970");
  assert.equal(whenOf(Infinity), "Jan 01  1970");
});

test("R-LIST-03 every mode bit has its place", () => {
  assert.equal(modeOf(0o7777), "-rwsrwsrwt");
  assert.equal(modeOf(0o7000), "---S--S--T");
  assert.equal(modeOf(0o4755), "-rwsr-xr-x");
  assert.equal(modeOf(0o2755), "-rwxr-sr-x");
  assert.equal(modeOf(0o1777), "-rwxrwxrwt");
  assert.equal(modeOf(0), "----------");
  fc.assert(
    fc.property(fc.nat({ max: 0o777 }), (bits) => {
      const letters = modeOf(bits).slice(1).replace(/[^-]/g, "1").replaceAll("-", "0");
      assert.equal(Number.parseInt(letters, 2), bits);
    }),
  );
});

test("S-09 whatever an entry holds, its line is one line with nine columns", () => {
  const any = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => octetsFromBytes(bytes));
  fc.assert(
    fc.property(any, any, any, any, (name, ownerName, groupName, target) => {
      const text = line({ name, ownerName, groupName, target, type: "symbolic-link" });
      assert.doesNotMatch(text, /[\r\n\0]/);
      assert.ok(text.endsWith(`${shownAs(name)} -> ${shownAs(target)}`));
      assert.equal(text.slice(0, -shownAs(name).length - shownAs(target).length - 4).split(/ +/).length, 9);
    }),
  );
});

test("R-LIST-01 names are arguments as they stand", () => {
  assert.equal(formatNameLine(octets("a b")), "a b");
  assert.equal(formatNameLine(octets("a"), octets("d")), "d/a");
  assert.equal(formatNameLine(octets("a"), octets("d/")), "d/a");
  assert.equal(formatNameLine(octets("a"), octets("/")), "/a");
  assert.equal(formatNameLine(octets("a\r\nb")), undefined);
});

test("R-LIST-04 options alone, combined, before a path, or no options at all", () => {
  assert.deepEqual(parse(undefined), { options: noListingOptions, pathname: undefined });
  assert.deepEqual(parse(""), { options: noListingOptions, pathname: undefined });
  assert.deepEqual(parse("dir"), { options: noListingOptions, pathname: "dir" });
  assert.deepEqual(parse("-la"), { options: options({ all: true, long: true }), pathname: undefined });
  assert.deepEqual(parse("-la "), { options: options({ all: true, long: true }), pathname: undefined });
  assert.deepEqual(parse("-l -a a dir"), { options: options({ all: true, long: true }), pathname: "a dir" });
  assert.deepEqual(parse("-l  dir "), { options: options({ long: true }), pathname: " dir " });
  assert.deepEqual(parse("-R -- -x"), { options: options({ recursive: true }), pathname: "-x" });
  assert.deepEqual(parse("-1FL d"), { options: noListingOptions, pathname: "d" });
  assert.deepEqual(parse("-tSr"), { options: options({ sortBy: "size", reverse: true }), pathname: undefined });
  assert.deepEqual(parse("-St"), { options: options({ sortBy: "time" }), pathname: undefined });
  assert.deepEqual(parse("-r"), { options: options({ sortBy: "name", reverse: true }), pathname: undefined });
  assert.deepEqual(parse("-"), { options: noListingOptions, pathname: "-" });
  assert.deepEqual(parse("-a/b"), { options: noListingOptions, pathname: "-a/b" });
  assert.deepEqual(parse("dir -l"), { options: noListingOptions, pathname: "dir -l" });
});

test("R-LIST-04 orders: newest, largest, first name first, and the reverse", () => {
  const entries = [
    { ...file, name: octets("b"), sizeBytes: 1, modifiedMs: 3 },
    { ...file, name: octets("a"), sizeBytes: 1, modifiedMs: 2 },
    { ...file, name: octets("c"), sizeBytes: 9, modifiedMs: 1 },
  ];
  const sorted = (changes: Partial<ListingOptions>) =>
    entries.toSorted(listingOrder({ ...noListingOptions, ...changes })).map(({ name }) => name);
  assert.deepEqual(sorted({ sortBy: "time" }), ["b", "a", "c"]);
  assert.deepEqual(sorted({ sortBy: "size" }), ["c", "a", "b"]);
  assert.deepEqual(sorted({ sortBy: "size", reverse: true }), ["b", "a", "c"]);
  assert.deepEqual(sorted({ sortBy: "name", reverse: true }), ["c", "b", "a"]);
  assert.equal(listingOrder(noListingOptions), undefined);
});

test("no argument makes listings throw, and a pathname is always a tail of it", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[-a-zA-Z1 /]{0,20}$/), (argument) => {
      const { pathname } = parseListingArgument(octets(argument));
      assert.ok(argument.endsWith(pathname ?? ""));
    }),
  );
});
