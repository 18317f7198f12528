import assert from "node:assert/strict";
import test from "node:test";
import { TransferBuffers } from "../src/transfer-buffers.ts";

const mebibyte = 1_048_576;

test("buffers come back to the next borrower", () => {
  const buffers = new TransferBuffers(4 * mebibyte);
  const first = buffers.borrow(mebibyte);
  assert.equal(first.length, mebibyte);
  assert.notEqual(buffers.borrow(mebibyte), first);
  buffers.giveBack(first);
  assert.equal(buffers.borrow(mebibyte), first);
  assert.equal(buffers.lentBytes, 2 * mebibyte);
});

test("past the budget buffers are small, and large again when others gave theirs back", () => {
  const buffers = new TransferBuffers(2 * mebibyte);
  const large = [buffers.borrow(mebibyte), buffers.borrow(mebibyte)];
  const small = Array.from({ length: 1000 }, () => buffers.borrow(mebibyte));
  assert.ok(small.every(({ length }) => length === 65_536));
  for (const buffer of [...large, ...small]) buffers.giveBack(buffer);
  assert.equal(buffers.lentBytes, 0);
  assert.equal(buffers.borrow(mebibyte).length, mebibyte);
});
