import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DataBlockDecoder, type DataBlockEvent, dataBlockHeader, encodeDataBlock } from "@sallyport/protocol";

const tokensMax = 100;

function decode(pieces: readonly Uint8Array[], decoder = new DataBlockDecoder(tokensMax)): DataBlockEvent[] {
  return pieces.flatMap((piece) => [...decoder.push(piece)]);
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

test("R-2228-15 a block is the token's length in four octets, the most significant first, and the token", () => {
  assert.deepEqual([...dataBlockHeader(100_028)], [0x00, 0x01, 0x86, 0xbc]);
  assert.deepEqual([...dataBlockHeader(0xffff_fffe)], [0xff, 0xff, 0xff, 0xfe]);
  assert.deepEqual([...encodeDataBlock(Uint8Array.of(5, 4))], [0, 0, 0, 2, 5, 4]);
});

test("R-2228-15 tokens come out as they went in, cut at every octet and anywhere", () => {
  const token = fc.uint8Array({ minLength: 1, maxLength: tokensMax });
  fc.assert(
    fc.property(fc.array(token, { maxLength: 5 }), (tokens) => {
      const wire = joined(tokens.map(encodeDataBlock));
      const expected = tokens.map((octets) => ({ kind: "token", token: Uint8Array.from(octets) }));
      const octetByOctet = [...wire].map((octet) => Uint8Array.of(octet));
      assert.deepEqual(decode(octetByOctet), expected);
      for (let at = 0; at <= wire.length; at++) {
        assert.deepEqual(decode([wire.subarray(0, at), wire.subarray(at)]), expected);
      }
    }),
  );
});

test("R-2228-15 a cut block is told from the end of one, after every octet", () => {
  const block = encodeDataBlock(Uint8Array.of(1, 2, 3));
  for (let at = 0; at <= block.length; at++) {
    const decoder = new DataBlockDecoder(tokensMax);
    decode([block.subarray(0, at)], decoder);
    assert.equal(decoder.isBetweenBlocks, at === 0 || at === block.length, `${at}`);
  }
});

test("R-2228-14 a length above the bound is refused before its token comes, and nothing is read after it", () => {
  for (const tokenBytes of [0, tokensMax + 1, 0xffff_ffff]) {
    const decoder = new DataBlockDecoder(tokensMax);
    const header = dataBlockHeader(tokenBytes);
    assert.deepEqual(decode([header.subarray(0, 3)], decoder), []);
    assert.deepEqual(decode([header.subarray(3)], decoder), [{ kind: "refused-length", tokenBytes }]);
    assert.deepEqual(decode([encodeDataBlock(Uint8Array.of(1))], decoder), []);
    assert.equal(decoder.isBetweenBlocks, false);
  }
  const atBound = encodeDataBlock(new Uint8Array(tokensMax));
  assert.deepEqual(decode([atBound]), [{ kind: "token", token: new Uint8Array(tokensMax) }]);
});

test("a token is not changed by who uses the received octets again", () => {
  const wire = encodeDataBlock(Uint8Array.of(1, 2, 3));
  const [event] = decode([wire]);
  wire.fill(9);
  assert.deepEqual(event, { kind: "token", token: Uint8Array.of(1, 2, 3) });
});
