import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decoderFor, encoderFor, type EncodingParameters } from "@sallyport/protocol";
import { bytes, cutAt, decode, encode, latin1, limits, lumpyText, someCuts } from "./transfer-harness.ts";

const all: readonly EncodingParameters[] = (["A", "I"] as const).flatMap((type) =>
  (["F", "R"] as const).flatMap((structure) =>
    (["S", "B", "C", "Z"] as const).map((mode) => ({ type, structure, mode })),
  ),
);

test("R-959-30 only TYPE I, STRU F, MODE S or Z passes octets unchanged", () => {
  for (const parameters of all) {
    const { type, structure, mode } = parameters;
    const passes = type === "I" && structure === "F" && (mode === "S" || mode === "Z");
    assert.equal(encoderFor(parameters) === undefined, passes);
    assert.equal(decoderFor(parameters, limits) === undefined, passes);
  }
});

test("R-959-32 what is stored comes back: all types, structures and modes", () => {
  for (const parameters of all) {
    fc.assert(
      fc.property(lumpyText, someCuts, someCuts, (local, cuts, wireCuts) => {
        const wire = encode(parameters, cutAt(bytes(local), cuts).map(latin1));
        const expected = asStored(parameters, local);
        assert.deepEqual(decode(parameters, cutAt(bytes(wire), wireCuts)), {
          data: expected,
          notes: [],
          outcome: "end",
        });
      }),
      { numRuns: 100 },
    );
  }
});

test("R-959-32 pieces of 64 KiB and more, every octet value", () => {
  const local = latin1(Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7919) >> (at % 5)));
  for (const parameters of all) {
    const wire = encode(parameters, cutAt(bytes(local), [65_536, 131_072, 196_608]).map(latin1));
    assert.equal(decode(parameters, cutAt(bytes(wire), [65_536, 131_072])).data, asStored(parameters, local));
  }
});

test("an encoder reuses its memory: one piece after another of the same size", () => {
  const encoder = encoderFor({ type: "A", structure: "F", mode: "B" });
  assert.ok(encoder !== undefined);
  const piece = bytes("line\n".repeat(1000));
  const first = encoder.push(piece).buffer;
  assert.equal(encoder.push(piece).buffer, first);
});

/** What a store after a fetch makes of local octets: CRLF becomes LF in text, the last record gets a line end. */
function asStored({ type, structure }: EncodingParameters, local: string): string {
  const lines = type === "A" ? local.replace(/(?<!\r)\r\n/g, "\n") : local;
  if (structure === "F" || lines === "" || lines.endsWith("\n")) return lines;
  return type === "A" && lines.endsWith("\r") ? `${lines}\r\n` : `${lines}\n`;
}
