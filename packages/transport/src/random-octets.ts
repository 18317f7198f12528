import { randomFillSync } from "node:crypto";

/**
 * Cryptographically strong random octets. They are drawn from a pool that is filled 4 KiB at a time, since a call costs
 * some ten microseconds whatever its length, and are wiped from it as they are taken.
 */
export function randomOctets(length: number): Uint8Array {
  if (length > pool.length) return randomFillSync(new Uint8Array(length));
  if (at + length > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const octets = pool.slice(at, at + length);
  pool.fill(0, at, at + length);
  at += length;
  return octets;
}

const pool = new Uint8Array(4096);
let at = pool.length;
