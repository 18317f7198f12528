import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { bytes, cutAt, decode, encode, hex, latin1, lumpyText, someCuts } from "../transfer-harness.ts";

const text = { type: "A", structure: "R", mode: "S" } as const;
const image = { type: "I", structure: "R", mode: "S" } as const;

test("R-959-33 lines end with FF 01, the file with FF 02, FF in data is doubled", () => {
  assert.equal(encode(text, ["ab\nc\xFFd\n\n"]), latin1(hex("6162 ff01 63ffff64 ff01 ff01 ff02")));
  assert.equal(encode(text, []), latin1(hex("ff02")));
});

test("R-959-33 a CRLF ends a line of text, in an image the CR is data", () => {
  assert.equal(encode(text, ["a\r", "\nb\r", "c\r\r\n"]), latin1(hex("61 ff01 62 0d 63 0d ff01 ff02")));
  assert.equal(encode(image, ["a\r\n"]), latin1(hex("61 0d ff01 ff02")));
});

test("R-959-33 a last line without line end is a record like the others", () => {
  assert.equal(encode(text, ["a\nb"]), latin1(hex("61 ff01 62 ff01 ff02")));
  assert.equal(encode(text, ["a\r"]), latin1(hex("61 0d ff01 ff02")));
});

test("R-959-33 streams of peers: FF 03, an end without end of record, an empty file", () => {
  assert.deepEqual(decode(text, [hex("61 ff01 62 ff03")]), { data: "a\nb\n", notes: [], outcome: "end" });
  assert.deepEqual(decode(text, [hex("61 ff01 62 ff02")]), { data: "a\nb", notes: [], outcome: "end" });
  assert.deepEqual(decode(text, [hex("ff02")]), { data: "", notes: [], outcome: "end" });
});

test("R-959-33 bad streams fail by name", () => {
  const cases: Record<string, string> = {
    "": "missing-end",
    "61 ff01": "missing-end",
    "61 ff": "missing-end",
    ff00: "unknown-control",
    ff04: "unknown-control",
    "ff02 61": "end data-after-end",
    "ff02 ff02": "end data-after-end",
  };
  for (const [stream, outcome] of Object.entries(cases))
    assert.equal(decode(text, [hex(stream)]).outcome, outcome, stream);
});

test("R-959-32 records that are stored come back the same, in every mode and type, however they are cut", () => {
  const record = lumpyText.map((given) => given.replaceAll("\n", ""));
  for (const type of ["A", "I"] as const) {
    // The peer's stream is made as an image, whose fillers in mode C are not those of text.
    for (const mode of type === "A" ? (["S", "B"] as const) : (["S", "B", "C"] as const)) {
      const parameters = { type, structure: "R", mode } as const;
      fc.assert(
        fc.property(fc.array(record, { maxLength: 4 }), someCuts, someCuts, (given, cuts, wireCuts) => {
          const sent = encode(
            { type: "I", structure: "R", mode },
            given.map((octets) => `${octets}\n`),
          );
          const stored = decode(parameters, cutAt(bytes(sent), wireCuts));
          assert.equal(stored.outcome, "end");
          const fetched = bytes(encode(parameters, cutAt(bytes(stored.data), cuts).map(latin1)));
          assert.equal(
            decode({ type: "I", structure: "R", mode }, [fetched]).data,
            given.map((octets) => `${octets}\n`).join(""),
          );
        }),
        { numRuns: 200 },
      );
    }
  }
});

test("R-959-33 any octets, cut anywhere, decode to the same and throw nothing", () => {
  const likely = fc.array(fc.constantFrom(0xff, 0, 1, 2, 3, 0x0d, 0x0a, 0x61)).map((list) => Uint8Array.from(list));
  fc.assert(
    fc.property(fc.oneof(likely, fc.uint8Array()), someCuts, (stream, cuts) => {
      assert.deepEqual(decode(text, cutAt(stream, cuts)), decode(text, [stream]));
    }),
    { numRuns: 1000 },
  );
});
