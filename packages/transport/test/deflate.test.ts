import { isSallyportError } from "@sallyport/protocol";
import { deflateChunks, Inflater, inflateChunks } from "@sallyport/transport";
import fc from "fast-check";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { deflateSync, inflateSync } from "node:zlib";

const hasCode = (code: string) => (error: unknown) => isSallyportError(error) && error.code === code;

async function* cut(octets: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < octets.length; turn++) {
    const size = sizes[turn % sizes.length] ?? octets.length;
    yield octets.subarray(at, at + size);
    at += size;
  }
}

/** Uses one buffer again for each chunk, as the contract allows. */
async function* reusing(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(300_000);
  for await (const chunk of chunks) {
    buffer.set(chunk);
    yield buffer.subarray(0, chunk.length);
    buffer.fill(0xee);
  }
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

test("R-MODZ-01 any octets in any pieces survive both ways", async () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 5000 }),
    fc.integer({ min: 0, max: 300_000 }).map((length) => Buffer.alloc(length, "abcabd")),
    fc.integer({ min: 0, max: 300_000 }).map((length) => randomBytes(length)),
  );
  const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(octets, sizes, sizes, fc.integer({ min: 0, max: 9 }), async (plain, outward, inward, level) => {
      fc.pre(plain.length / Math.min(...outward) < 2000 && plain.length / Math.min(...inward) < 2000);
      const packed = await whole(deflateChunks(reusing(cut(plain, outward)), { level }));
      assert.ok(inflateSync(packed).equals(plain));
      const unpacked = await whole(inflateChunks(reusing(cut(packed, inward))));
      assert.ok(unpacked.equals(plain));
    }),
    { numRuns: 60 },
  );
});

test("R-MODZ-01 an empty file is a zlib stream of nothing", async () => {
  const packed = await whole(deflateChunks(cut(Buffer.alloc(0), [1])));
  assert.equal(inflateSync(packed).length, 0);
  assert.equal((await whole(inflateChunks(cut(packed, [1])))).length, 0);
});

const sample = deflateSync(Buffer.alloc(200_000, "sallyport"));

test("R-MODZ-01 a stream cut anywhere is truncated", async () => {
  for (const length of [0, 1, 2, 3, sample.length >> 1, sample.length - 5, sample.length - 4, sample.length - 1]) {
    const cutShort = inflateChunks(cut(sample.subarray(0, length), [7]));
    await assert.rejects(whole(cutShort), hasCode("SALLYPORT_DEFLATE_TRUNCATED"), `cut at ${length}`);
  }
});

test("R-MODZ-01 octets behind the end are an error, together with it or later", async () => {
  for (const size of [1, 50, 1_000_000]) {
    const longer = inflateChunks(cut(Buffer.concat([sample, Buffer.from([0])]), [size]));
    await assert.rejects(whole(longer), hasCode("SALLYPORT_DEFLATE_TRAILING"), `pieces of ${size}`);
  }
  await assert.rejects(
    whole(inflateChunks(cut(Buffer.concat([sample, sample]), [sample.length]))),
    hasCode("SALLYPORT_DEFLATE_TRAILING"),
  );
});

test("R-MODZ-01 what is no zlib stream, or a damaged one, is an error", async () => {
  await assert.rejects(whole(inflateChunks(cut(Buffer.from("plain text"), [4]))), hasCode("SALLYPORT_DEFLATE_BROKEN"));
  const damaged = Buffer.from(sample);
  damaged.writeUInt32BE(0, damaged.length - 4);
  await assert.rejects(whole(inflateChunks(cut(damaged, [99]))), hasCode("SALLYPORT_DEFLATE_BROKEN"));
});

test("S-24 a bomb stops at the ratio, with little of it in memory", async () => {
  const bomb = deflateSync(Buffer.alloc(64 * 1_048_576), { level: 9 });
  assert.ok((64 * 1_048_576) / bomb.length > 900, "a thousandfold");
  let output = 0;
  let largest = 0;
  using inflater = new Inflater();
  await assert.rejects(async () => {
    for await (const piece of inflater.push(bomb)) {
      output += piece.length;
      largest = Math.max(largest, piece.length);
    }
  }, hasCode("SALLYPORT_DEFLATE_RATIO"));
  assert.ok(output <= bomb.length * 200, `${output} octets from ${bomb.length}`);
  assert.ok(largest <= 131_072, `a piece of ${largest}`);
});

test("S-24 the first MiB is free, and the ratio can be set", async () => {
  const mebibyte = deflateSync(Buffer.alloc(1_048_576));
  assert.equal((await whole(inflateChunks(cut(mebibyte, [100])))).length, 1_048_576);
  const twoMebibytes = deflateSync(Buffer.alloc(2_097_152));
  assert.equal((await whole(inflateChunks(cut(twoMebibytes, [4000]), { ratioMax: 2000 }))).length, 2_097_152);
});
