import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  findHashAlgorithm,
  octetsFromBytes,
  octetsFromText,
  type Octets,
  parseDigestArgument,
  parseHashReply,
} from "@sallyport/protocol";

const octets = (text: string): Octets => octetsFromText(text);

test("R-XSUM-01 paths with and without quotes and ranges", () => {
  const cases: Record<string, unknown> = {
    "file.bin": { pathname: "file.bin" },
    '"file.bin"': { pathname: "file.bin" },
    "file.bin 0 100": { pathname: "file.bin", first: 0, last: 99 },
    '"my file.bin" 10 20': { pathname: "my file.bin", first: 10, last: 19 },
    '"a""b" 0 1': { pathname: 'a"b', first: 0, last: 0 },
    '"a"b"': { pathname: 'a"b' },
    "my file": { pathname: "my file" },
    "my file 0 100": { pathname: "my file 0 100" },
    "file 1": { pathname: "file 1" },
    '"unclosed': { pathname: '"unclosed' },
    "x 0 9007199254740991": { pathname: "x", first: 0, last: 9007199254740990 },
  };
  for (const [argument, expected] of Object.entries(cases)) {
    assert.deepEqual(parseDigestArgument(octets(argument)), expected, argument);
  }
});

test("R-XSUM-01 what is refused: no path, one number, empty and enormous ranges", () => {
  for (const argument of ["", '""', '"f" 5', "f 5 5", "f 6 5", '"f" 0 99999999999999999999']) {
    assert.equal(parseDigestArgument(octets(argument)), undefined, argument);
  }
});

test("R-XSUM-01 every quoted path comes out as it went in", () => {
  const name = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => octetsFromBytes(bytes));
  fc.assert(
    fc.property(name, fc.nat(), fc.integer({ min: 1 }), (pathname, first, length) => {
      const quoted = `"${pathname.replaceAll('"', '""')}"`;
      assert.deepEqual(parseDigestArgument(quoted as Octets), { pathname });
      const range = `${quoted} ${first} ${first + length}` as Octets;
      assert.deepEqual(parseDigestArgument(range), { pathname, first, last: first + length - 1 });
    }),
  );
});

test("R-HASH-01 algorithms are found in any case", () => {
  assert.equal(findHashAlgorithm("sha-256"), "SHA-256");
  assert.equal(findHashAlgorithm("Crc32"), "CRC32");
  for (const name of ["", "CRC-37", "SHA256", "constructor"]) assert.equal(findHashAlgorithm(name), undefined);
});

test("R-HASH-02 reply 213 tells algorithm and range", () => {
  assert.deepEqual(parseHashReply(octets("SHA-1 0-255 80BC95fd a file")), {
    algorithm: "SHA-1",
    first: 0n,
    last: 255n,
    digestHex: "80bc95fd",
    pathname: "a file",
  });
  for (const text of [
    "",
    "SHA-1 80bc95fd f",
    "SHA-1 0-255 80b f",
    "SHA-1 0-255 80bc",
    "SHA-1 -1-2 80bc f",
    "a b-c d e",
  ]) {
    assert.equal(parseHashReply(octets(text)), undefined, text);
  }
});

test("no argument and no reply makes digests throw", () => {
  const near = fc.stringMatching(/^[ "0-9a]{0,20}$/).map(octets);
  fc.assert(
    fc.property(fc.oneof(near, fc.string().map(octets)), (text) => {
      parseDigestArgument(text);
      parseHashReply(text);
    }),
  );
});
