import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { encoderFor, octetsFromText } from "@sallyport/protocol";
import { bytes, cutAt, decode, encode, hex, latin1, lumpyText, someCuts } from "../transfer-harness.ts";

const image = { type: "I", structure: "F", mode: "B" } as const;
const records = { type: "I", structure: "R", mode: "B" } as const;

test("R-959-35 blocks on the wire", () => {
  assert.equal(encode(image, ["abc"]), latin1(hex("00 0003 616263 40 0000")));
  assert.equal(encode(image, []), latin1(hex("40 0000")));
  assert.equal(encode(image, [""]), latin1(hex("40 0000")));
  assert.equal(encode(records, ["ab\n\nc"]), latin1(hex("80 0002 6162 80 0000 00 0001 63 80 0000 40 0000")));
  assert.equal(encode(image, ["x".repeat(65_536)]).length, 65_536 + 9);
});

test("R-959-35 blocks of peers: one block with the end, several flags, the largest count", () => {
  assert.deepEqual(decode(image, [hex("40 0003 616263")]), { data: "abc", notes: [], outcome: "end" });
  assert.deepEqual(decode(image, [hex("c0 0003 616263")]), { data: "abc", notes: [], outcome: "end" });
  assert.deepEqual(decode(image, [hex("20 0001 61 00 0000 40 0000")]), {
    data: "a",
    notes: ["0 suspect"],
    outcome: "end",
  });
  assert.deepEqual(decode(image, [hex("80 0001 61 00 0000 40 0000")]), { data: "a", notes: [], outcome: "end" });
  assert.deepEqual(decode(records, [hex("80 0001 61 c0 0001 62")]), { data: "a\nb\n", notes: [], outcome: "end" });
  const largest = Uint8Array.from([0x40, 0xff, 0xff, ...new Uint8Array(65_535).fill(0x61)]);
  assert.equal(decode(image, [largest]).data.length, 65_535);
});

test("R-1123-15 restart markers stand where they were put, with the octets received before them", () => {
  const encoder = encoderFor(image);
  assert.ok(encoder?.mark !== undefined);
  const wire = [
    latin1(encoder.push(bytes("ab"))),
    latin1(encoder.mark(octetsFromText("X1"))),
    latin1(encoder.push(bytes("c"))),
    latin1(encoder.end()),
  ].join("");
  assert.equal(wire, latin1(hex("00 0002 6162 10 0002 5831 00 0001 63 40 0000")));
  assert.deepEqual(decode(image, [bytes(wire)]), { data: "abc", notes: ["2 X1 after 2"], outcome: "end" });
});

test("R-1123-15 a CR before a marker is stored before the marker is told", () => {
  const text = { type: "A", structure: "F", mode: "B" } as const;
  const decoded = decode(text, [hex("00 0003 61 0d0a 00 0001 0d 10 0001 4d 00 0001 62 40 0000")]);
  assert.deepEqual(decoded, { data: "a\n\rb", notes: ["3 M after 4"], outcome: "end" });
});

test("R-959-35 markers are printable ASCII, 33 to 126", () => {
  assert.deepEqual(decode(image, [hex("10 0002 217e 40 0000")]).notes, ["0 !~ after 0"]);
  for (const octet of ["20", "7f", "80", "00"]) {
    assert.equal(decode(image, [hex(`10 0001 ${octet} 40 0000`)]).outcome, "bad-marker", octet);
  }
});

test("R-959-35 bad streams fail by name and never hang", () => {
  const cases: Record<string, string> = {
    "00 0003 6162": "missing-end",
    "00 0003 616263": "missing-end",
    "40 00": "missing-end",
    "": "missing-end",
    "01 0000": "unknown-control",
    "40 0000 40 0000": "end data-after-end",
    "40 0000 00": "end data-after-end",
    "10 0000": "bad-marker",
    "10 0002 4120 40 0000": "bad-marker",
    "10 0100": "missing-end",
    "80 0001 61 00 0001 62 40 0000": "unexpected-record",
    "80 0001 61 80 0001 62 40 0000": "unexpected-record",
  };
  for (const [stream, outcome] of Object.entries(cases))
    assert.equal(decode(image, [hex(stream)]).outcome, outcome, stream);
  const long = Uint8Array.from([0x10, 1, 0, ...new Uint8Array(256).fill(0x61)]);
  assert.equal(decode(image, [long]).outcome, "bad-marker");
});

test("R-959-35 after a failure nothing more comes", () => {
  const decoded = decode(image, [hex("01 0000"), hex("40 0000")]);
  assert.equal(decoded.outcome, "unknown-control");
});

test("R-959-35 decoding undoes encoding, however both are cut", () => {
  fc.assert(
    fc.property(lumpyText, someCuts, someCuts, (local, cuts, wireCuts) => {
      const wire = encode(image, cutAt(bytes(local), cuts).map(latin1));
      assert.deepEqual(decode(image, cutAt(bytes(wire), wireCuts)), { data: local, notes: [], outcome: "end" });
    }),
  );
});

test("R-959-35 any octets, cut anywhere, decode to the same and throw nothing", () => {
  const descriptors = fc.constantFrom(0, 16, 32, 64, 80, 128, 192, 1);
  const blocks = fc
    .array(fc.tuple(descriptors, fc.uint8Array({ maxLength: 5 }), fc.nat({ max: 6 })), { maxLength: 6 })
    .map((list) => Uint8Array.from(list.flatMap(([bits, data, count]) => [bits, 0, count, ...data])));
  for (const parameters of [image, records]) {
    fc.assert(
      fc.property(fc.oneof(blocks, fc.uint8Array()), someCuts, (stream, cuts) => {
        assert.deepEqual(decode(parameters, cutAt(stream, cuts)), decode(parameters, [stream]));
      }),
      { numRuns: 1000 },
    );
  }
});
