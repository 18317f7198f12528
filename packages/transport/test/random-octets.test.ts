import assert from "node:assert/strict";
import { test } from "node:test";
import { randomOctets } from "../src/random-octets.ts";

test("random octets have the length that was asked for, stay what they are and do not come twice", () => {
  const drawn = Array.from({ length: 1000 }, (_, at) => randomOctets(16 + (at % 33)));
  const texts = drawn.map((octets) => Buffer.from(octets).toString("hex"));
  for (const [at, octets] of drawn.entries()) assert.equal(octets.length, 16 + (at % 33));
  assert.equal(new Set(texts.map((text) => text.slice(0, 32))).size, drawn.length);
  randomOctets(4096);
  assert.deepEqual(
    drawn.map((octets) => Buffer.from(octets).toString("hex")),
    texts,
  );
  assert.equal(randomOctets(10_000).length, 10_000);
  const zeros = drawn.flatMap((octets) => [...octets]).filter((octet) => octet === 0).length;
  assert.ok(zeros < 400, `${zeros} of some 32,000 octets are zero`);
});
