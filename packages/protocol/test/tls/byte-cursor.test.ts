import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteCursor } from "../../src/tls/byte-cursor.ts";

const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

test("numbers are big-endian, views lie on the same memory, vectors have their own end", () => {
  const cursor = new ByteCursor(bytes);
  assert.equal(cursor.number(1), 1);
  assert.equal(cursor.number(2), 0x0203);
  assert.deepEqual(cursor.octets(2), Uint8Array.of(4, 5));
  assert.equal(cursor.left, 4);
  assert.equal(new ByteCursor(bytes).number(3), 0x010203);
  assert.equal(new ByteCursor(Uint8Array.of(0xff, 0, 0, 1)).number(4), 0xff000001);
  const vector = new ByteCursor(Uint8Array.of(2, 7, 8, 9)).vector(1);
  assert.deepEqual([vector.at, vector.end, vector.left], [1, 3, 2]);
  assert.deepEqual(vector.numbers(1), [7, 8]);
  assert.ok(!vector.more && !vector.failed);
});

test("a read past the end fails for good and gives zeros or nothing", () => {
  const cursor = new ByteCursor(bytes, 6, 8);
  assert.ok(cursor.more);
  assert.equal(cursor.number(3), 0);
  assert.ok(cursor.failed && !cursor.more);
  assert.equal(cursor.number(1), 0);
  assert.deepEqual(cursor.octets(1), new Uint8Array(0));
  assert.equal(cursor.at, 6);
  const short = new ByteCursor(Uint8Array.of(3, 1, 2));
  const vector = short.vector(1);
  assert.ok(short.failed && !vector.failed);
  assert.equal(vector.left, 0);
  const odd = new ByteCursor(Uint8Array.of(1, 2, 3));
  odd.numbers(2);
  assert.ok(odd.failed);
});
