import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { asciiDecoder, AsciiEncoder, AsciiMeter, type AsciiPosition, writeOffset } from "@sallyport/protocol";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (octets: Uint8Array): string => String.fromCharCode(...octets);

/** Text in which line ends of all kinds are frequent. */
const anyText = fc.stringMatching(/^[\r\na]{0,40}$/);
const networkText = anyText.map((given) => given.replace(/(?<!\r)\n/g, "\r\n"));

function encode(pieces: readonly string[], position?: AsciiPosition): string {
  const encoder = new AsciiEncoder(position);
  return pieces.map((piece) => text(encoder.push(bytes(piece)))).join("") + text(encoder.end());
}

function decode(pieces: readonly string[], position?: AsciiPosition): string {
  const decoder = asciiDecoder(position);
  const parts = [...pieces.flatMap((piece) => collect(decoder.push(bytes(piece)))), ...collect(decoder.end())];
  return parts.join("");
}

function collect(parts: ReturnType<ReturnType<typeof asciiDecoder>["push"]>): string[] {
  return [...parts].map((part) => (part.kind === "data" ? text(part.octets) : ""));
}

function locate(local: string, networkOffset: number): AsciiPosition | undefined {
  return new AsciiMeter().seek(bytes(local), networkOffset);
}

function cutAt(given: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (given.length + 1)).toSorted((a, b) => a - b), given.length];
  return places.slice(1).map((place, at) => given.slice(places[at], place));
}

test("R-959-32 line ends on the way out and on the way in", () => {
  assert.equal(encode(["a\nb\r\nc\rd\n"]), "a\r\nb\r\nc\rd\r\n");
  assert.equal(encode(["a\r\r\n\r", "\n\n"]), "a\r\r\n\r\n\r\n");
  assert.equal(decode(["a\r\nb\nc\rd\r", "\ne\r"]), "a\nb\nc\rd\ne\r");
  assert.equal(decode(["\r\r", "\n\r\r\r", "x"]), "\r\r\n\r\r\rx");
  assert.equal(encode([""]), "");
});

test("R-959-32 stored and fetched again is the same, for every stream without a bare LF", () => {
  fc.assert(
    fc.property(networkText, (sent) => {
      assert.equal(encode([decode([sent])]), sent);
    }),
    { numRuns: 2000 },
  );
});

test("R-959-32 fetched and stored again is the same for files without CRLF; CRLF becomes LF", () => {
  fc.assert(
    fc.property(anyText, (local) => {
      assert.equal(decode([encode([local])]), local.replace(/(?<!\r)\r\n/g, "\n"));
    }),
    { numRuns: 2000 },
  );
});

test("R-959-32 cuts between pieces change nothing", () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(), { maxLength: 6 }), (given, cuts) => {
      const pieces = cutAt(given, cuts);
      assert.equal(encode(pieces), encode([given]));
      assert.equal(decode(pieces), decode([given]));
    }),
    { numRuns: 2000 },
  );
});

test("R-959-32 nothing but line ends changes, in pieces of 64 KiB too", () => {
  const binary = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 7919) & 0xff);
  const encoder = new AsciiEncoder();
  const decoder = asciiDecoder();
  const back: number[] = [];
  for (let at = 0; at < binary.length; at += 65_536) {
    for (const part of decoder.push(encoder.push(binary.subarray(at, at + 65_536)))) {
      if (part.kind === "data") back.push(...part.octets);
    }
  }
  for (const part of decoder.end()) if (part.kind === "data") back.push(...part.octets);
  assert.deepEqual(Uint8Array.from(back), binary);
});

test("R-3659-04 SIZE counts the network form", () => {
  const meter = new AsciiMeter();
  for (let line = 0; line < 112; line++) meter.push(bytes("123456789012345\n"));
  assert.equal(meter.networkOctets, 112 * 17);
  fc.assert(
    fc.property(anyText, fc.array(fc.nat(), { maxLength: 4 }), (local, cuts) => {
      const given = new AsciiMeter();
      for (const piece of cutAt(local, cuts)) given.push(bytes(piece));
      assert.equal(given.networkOctets, encode([local]).length);
    }),
  );
});

test("R-3659-08 a download resumes at every network offset, inside a line end too", () => {
  fc.assert(
    fc.property(anyText, fc.nat(), (local, given) => {
      const whole = encode([local]);
      const offset = given % (whole.length + 1);
      const position = locate(local, offset) ?? assert.fail("not found");
      assert.equal(encode([local.slice(position.localOffset)], position), whole.slice(offset));
    }),
    { numRuns: 2000 },
  );
});

test("R-3659-08 an upload resumes at every network offset and stores what one upload would have stored", () => {
  fc.assert(
    fc.property(networkText, fc.nat(), (sent, given) => {
      const offset = given % (sent.length + 1);
      const stored = decode([sent]);
      const position = locate(stored, offset) ?? assert.fail("not found");
      const resumed = stored.slice(0, writeOffset(position)) + decode([sent.slice(offset)], position);
      assert.equal(resumed, stored);
    }),
    { numRuns: 2000 },
  );
});

test("R-3659-08 an offset behind the end is not found, whatever the pieces", () => {
  const meter = new AsciiMeter();
  assert.deepEqual(meter.seek(bytes(""), 0), { localOffset: 0, withinLineEnd: false, carriageReturns: 0 });
  assert.equal(meter.seek(bytes("a\n"), 4), undefined);
  assert.deepEqual(meter.seek(bytes("\n"), 4), { localOffset: 2, withinLineEnd: true, carriageReturns: 0 });
  assert.equal(locate("abc", 4), undefined);
});
