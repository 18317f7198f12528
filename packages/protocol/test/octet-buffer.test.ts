import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { OctetBuffer } from "../src/octet-buffer.ts";

test("everything that is put in comes out once, in cuts, whatever its size", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (pieces) => {
      const buffer = new OctetBuffer(16);
      const cuts = pieces.map((piece) => {
        buffer.append(piece);
        buffer.octet(7);
        return buffer.cut();
      });
      assert.deepEqual(
        cuts.map((cut) => [...cut]),
        pieces.map((piece) => [...piece, 7]),
      );
      assert.deepEqual([...buffer.cut()], []);
      assert.equal(
        buffer.length,
        pieces.reduce((sum, piece) => sum + piece.length + 1, 0),
      );
    }),
  );
});

test("part of a piece, and octets in front of others", () => {
  const buffer = new OctetBuffer(4);
  buffer.append(Uint8Array.of(1, 2, 3, 4), 1, 3);
  buffer.insert(1, [8, 9]);
  assert.deepEqual([...buffer.cut()], [2, 8, 9, 3]);
});

test("growth doubles, cleared memory is used again", () => {
  const buffer = new OctetBuffer(16);
  for (let count = 0; count < 17; count++) buffer.octet(count);
  const first = buffer.cut();
  assert.equal(first.buffer.byteLength, 32);
  buffer.clear();
  assert.equal(buffer.length, 0);
  for (let count = 0; count < 32; count++) buffer.octet(count);
  assert.equal(buffer.cut().buffer, first.buffer);
});
