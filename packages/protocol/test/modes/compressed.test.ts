import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { encoderFor, expansionGuard, octetsFromText } from "@sallyport/protocol";
import { bytes, cutAt, decode, encode, hex, latin1, limits, lumpyText, someCuts } from "../transfer-harness.ts";

const image = { type: "I", structure: "F", mode: "C" } as const;
const text = { type: "A", structure: "F", mode: "C" } as const;
const records = { type: "I", structure: "R", mode: "C" } as const;
const fileEnd = "0040c0";

test("R-959-36 strings on the wire", () => {
  assert.equal(encode(image, ["abc"]), latin1(hex(`03 616263 ${fileEnd}`)));
  assert.equal(encode(image, ["aaa"]), latin1(hex(`83 61 ${fileEnd}`)));
  assert.equal(encode(image, ["\0\0\0\0x"]), latin1(hex(`c4 01 78 ${fileEnd}`)));
  assert.equal(encode(text, ["    x"]), latin1(hex(`c4 01 78 ${fileEnd}`)));
  assert.equal(encode(image, ["a".repeat(64)]), latin1(hex(`bf 61 01 61 ${fileEnd}`)));
  assert.equal(encode(image, []), latin1(hex(fileEnd)));
  assert.equal(encode(image, [String.fromCharCode(...Array.from({ length: 128 }, (_, at) => at))]).charCodeAt(0), 127);
});

test("R-959-36 the end of a record stands before the last string of the record", () => {
  assert.equal(encode(records, ["ab\n"]), latin1(hex(`0080 02 6162 ${fileEnd}`)));
  assert.equal(encode(records, ["abccc\n"]), latin1(hex(`02 6162 0080 83 63 ${fileEnd}`)));
  assert.equal(encode(records, ["\n"]), latin1(hex(`0080 c0 ${fileEnd}`)));
  assert.equal(decode(records, [hex("0080 02 6162 00c0 01 63")]).data, "ab\nc\n");
});

test("R-959-36 streams of peers: counts of zero, the end with and without its string", () => {
  assert.deepEqual(decode(image, [hex("80 61 c0 01 62 0040 01 63")]), { data: "bc", notes: [], outcome: "end" });
  assert.deepEqual(decode(image, [hex("01 62 0040")]), { data: "b", notes: [], outcome: "end" });
  assert.deepEqual(decode(text, [hex("c2 82 0d 01 0a 0040 c0")]), { data: "  \r\r\n", notes: [], outcome: "end" });
  assert.deepEqual(decode(image, [hex("0020 01 62 0040 c0")]), { data: "b", notes: ["0 suspect"], outcome: "end" });
});

test("R-1123-15 restart markers", () => {
  const encoder = encoderFor(image);
  assert.ok(encoder?.mark !== undefined);
  encoder.push(bytes("ab"));
  assert.deepEqual(latin1(encoder.mark(octetsFromText("X1"))), latin1(hex("0010 02 5831")));
  assert.deepEqual(decode(image, [hex(`02 6162 0010 02 5831 01 63 ${fileEnd}`)]), {
    data: "abc",
    notes: ["2 X1 after 2"],
    outcome: "end",
  });
});

test("R-959-36 bad streams fail by name", () => {
  const cases: Record<string, string> = {
    "": "missing-end",
    "05 61": "missing-end",
    "85": "missing-end",
    "00": "missing-end",
    "0080": "missing-end",
    "0040 02 61": "missing-end",
    "0001": "unknown-control",
    "0040 c0 c0": "end data-after-end",
    "0010 c0": "bad-marker",
    "0010 82 20": "bad-marker",
    "0080 01 61 01 62 0040 c0": "unexpected-record",
  };
  for (const [stream, outcome] of Object.entries(cases))
    assert.equal(decode(image, [hex(stream)]).outcome, outcome, stream);
});

test("S-24 63 to 1 is all there is, and a guard can want less", () => {
  const bomb = new Uint8Array(200_000).fill(0xff);
  const whole = decode(image, [bomb, hex(fileEnd)]);
  assert.equal(whole.data.length, 200_000 * 63);
  const guarded = decode(image, [bomb, hex(fileEnd)], { ...limits, expansion: expansionGuard(10) });
  assert.equal(guarded.outcome, "expansion");
  assert.ok(guarded.data.length < 2_000_000);
  const honest = decode(image, [bomb.subarray(0, 10_000), hex(fileEnd)], { ...limits, expansion: expansionGuard(10) });
  assert.equal(honest.outcome, "end");
});

test("R-959-36 a second decoder, written from the RFC alone, agrees", () => {
  fc.assert(
    fc.property(lumpyText, someCuts, (local, cuts) => {
      for (const parameters of [image, text]) {
        const wire = bytes(encode(parameters, cutAt(bytes(local), cuts).map(latin1)));
        const network = parameters === text ? encode({ ...text, mode: "S" }, [local]) : local;
        assert.equal(secondDecoder(wire, parameters === text ? " " : "\0"), network);
      }
    }),
  );
});

test("R-959-36 decoding undoes encoding, however both are cut", () => {
  fc.assert(
    fc.property(lumpyText, someCuts, someCuts, (local, cuts, wireCuts) => {
      const wire = encode(image, cutAt(bytes(local), cuts).map(latin1));
      assert.deepEqual(decode(image, cutAt(bytes(wire), wireCuts)), { data: local, notes: [], outcome: "end" });
    }),
  );
});

test("R-959-36 any octets, cut anywhere, decode to the same and throw nothing", () => {
  const pieces = fc.constantFrom(
    [0, 0x80],
    [0, 0x40],
    [0, 0x10],
    [2, 0x41, 0x42],
    [0x83, 0x41],
    [0xc2],
    [0, 0x20],
    [3],
  );
  const likely = fc.array(pieces, { maxLength: 10 }).map((list) => Uint8Array.from(list.flat()));
  for (const parameters of [image, text, records]) {
    fc.assert(
      fc.property(fc.oneof(likely, fc.uint8Array()), someCuts, (stream, cuts) => {
        assert.deepEqual(decode(parameters, cutAt(stream, cuts)), decode(parameters, [stream]));
      }),
      { numRuns: 1000 },
    );
  }
});

function secondDecoder(wire: Uint8Array, filler: string): string {
  let out = "";
  let descriptor = 0;
  let at = 0;
  while (at < wire.length) {
    const head = wire[at++] ?? 0;
    if (head === 0) {
      descriptor |= wire[at++] ?? 0;
      continue;
    }
    const count = head & 0x3f;
    if (head >> 7 === 0) {
      out += latin1(wire.subarray(at, at + head));
      at += head;
    } else if (head >> 6 === 3) out += filler.repeat(count);
    else out += String.fromCharCode(wire[at++] ?? 0).repeat(count);
    if (descriptor === 0x40) return at === wire.length ? out : "more after the end";
    descriptor = 0;
  }
  return "no end";
}
