import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { RangeBook } from "../../src/transfer/range-book.ts";
import {
  addRange,
  type ByteRange,
  clipRanges,
  countOctets,
  missingRanges,
  prefixBytes,
} from "../../src/transfer/ranges.ts";

const aRange = fc.tuple(fc.nat(60), fc.nat(20)).map(([first, length]): ByteRange => [first, first + length]);

function octetsOf(ranges: readonly ByteRange[]): ReadonlySet<number> {
  return new Set(ranges.flatMap(([first, end]) => Array.from({ length: end - first }, (_, at) => first + at)));
}

test("a set of ranges holds the octets of all of them, sorted and joined", () => {
  fc.assert(
    fc.property(fc.array(aRange), fc.nat(80), (added, size) => {
      const ranges = added.reduce<readonly ByteRange[]>((set, range) => addRange(set, range), []);
      const octets = octetsOf(added);
      assert.deepEqual(octetsOf(ranges), octets);
      assert.equal(countOctets(ranges), octets.size);
      for (const [at, [first, end]] of ranges.entries()) {
        assert.ok(first < end && first > (ranges[at - 1]?.[1] ?? -1));
      }
      const all = new Set(Array.from({ length: size }, (_, at) => at));
      assert.deepEqual(octetsOf(missingRanges(ranges, size)), all.difference(octets));
      assert.deepEqual(octetsOf(clipRanges(ranges, size)), octets.intersection(all));
      const prefix = prefixBytes(ranges);
      assert.ok(!octets.has(prefix) && Array.from({ length: prefix }, (_, at) => at).every((at) => octets.has(at)));
    }),
  );
});

test("whatever workers do and whoever fails, each octet is fetched, and none by two at a time", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 100 }),
      fc.infiniteStream(fc.record({ worker: fc.nat(3), bytes: fc.integer({ min: 1, max: 400 }), fails: fc.nat(9) })),
      (size, least, events) => {
        const book = new RangeBook([[0, size]], least);
        const claims = Array.from({ length: 4 }, () => book.claim());
        const fetched: number[] = Array.from({ length: size }, () => 0);
        let failuresLeft = 20;
        for (const { worker, bytes, fails } of events) {
          if (book.isDone) break;
          const claim = claims[worker];
          if (claim === undefined) {
            claims[worker] = book.claim();
            continue;
          }
          const end = Math.min(claim.end, claim.position + bytes);
          for (; claim.position < end; claim.position++) fetched[claim.position] = (fetched[claim.position] ?? 0) + 1;
          const hasFailed = fails === 0 && failuresLeft-- > 0;
          if (!hasFailed && claim.position < claim.end) continue;
          book.release(claim);
          claims[worker] = undefined;
        }
        assert.ok(fetched.every((times) => times === 1));
      },
    ),
    { numRuns: 200 },
  );
});
