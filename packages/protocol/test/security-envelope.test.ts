import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  decodeBase64,
  encodeBase64,
  formatAdat,
  innerCommand,
  limitValues,
  octetsFromBytes,
  octetsFromText,
  type Octets,
  joinReply,
  parseAdat,
  protectedReply,
  protectedReplyTokens,
  ReplyDecoder,
  replyFragments,
} from "@sallyport/protocol";

const octets = (text: string): Octets => octetsFromText(text);
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** A mechanism that turns every bit and adds a check octet. */
const wrap = (fragment: Uint8Array): Uint8Array => Uint8Array.from([7, ...fragment.map((octet) => octet ^ 0xff)]);
const unwrap = (token: Uint8Array): Uint8Array | undefined =>
  token[0] === 7 ? token.subarray(1).map((octet) => octet ^ 0xff) : undefined;

const wrapReply = (code: 631 | 632 | 633, reply: Octets, fragmentBytes: number): Octets =>
  protectedReply(code, replyFragments(reply, fragmentBytes).map(wrap));

function unwrapReply(lines: readonly Octets[]): Octets | "not-base64" | "rejected" {
  const tokens = protectedReplyTokens(lines);
  if (tokens === "not-base64") return tokens;
  const fragments = tokens.map(unwrap).filter((fragment) => fragment !== undefined);
  return fragments.length < tokens.length ? "rejected" : joinReply(fragments);
}

function linesOf(encoded: Octets): readonly Octets[] {
  const [event] = new ReplyDecoder(limitValues()).push(bytes(encoded));
  assert.ok(event?.kind === "reply");
  return event.lines;
}

test("R-2228-13 base64 agrees with the platform, both ways", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (given) => {
      const text = encodeBase64(given);
      assert.equal(text, Buffer.from(given).toString("base64"));
      assert.deepEqual(decodeBase64(text), Uint8Array.from(given));
    }),
  );
  assert.equal(decodeBase64("A".repeat(131_072))?.length, 98_304);
});

test("R-2228-13 what is not strict base64 is refused", () => {
  for (const text of [
    "A",
    "AA",
    "AAA",
    "AA=",
    "A===",
    "====",
    "AAA=AAAA",
    "AA==AA==",
    "!!!!",
    "AAA\n",
    "AAAA\r\n",
    " AAA",
    "AA A",
    "AAA-",
    "AAA_",
    "AB==",
    "AAB=",
    "ÀAAA",
    "AA=A",
    "A=AA",
  ]) {
    assert.equal(decodeBase64(text), undefined, JSON.stringify(text));
  }
  assert.deepEqual(decodeBase64(""), new Uint8Array(0));
});

test("R-2228-11 a reply of three lines in 1, 2 and 5 fragments, joined to the octet", () => {
  const reply = octets("211-Extensions:\r\n UTF8\r\n211 End\r\n");
  for (const count of [1, 2, 5]) {
    const wire = wrapReply(632, reply, Math.ceil(reply.length / count));
    assert.equal(wire.match(/\r\n/g)?.length, count);
    assert.match(wire, count === 1 ? /^632 [^-]+\r\n$/ : /^(?:632-\S+\r\n)+632 \S+\r\n$/);
    assert.equal(unwrapReply(linesOf(wire)), reply);
  }
});

test("R-2228-11 the last line end may be missing, and inner lines may come with or without their code", () => {
  const token = (text: string) => encodeBase64(wrap(bytes(text)));
  assert.equal(unwrapReply([token("200 "), octets(`631-${token("o")}`), token("k")]), "200 ok\r\n");
  assert.equal(unwrapReply([octets("****")]), "not-base64");
  assert.equal(unwrapReply([encodeBase64(bytes("forged"))]), "rejected");
});

test("R-2228-11 any reply comes through, whatever the size of fragments", () => {
  const text = fc.uint8Array({ maxLength: 60 }).map((given) => `${octetsFromBytes(given)}\r\n` as Octets);
  fc.assert(
    fc.property(text, fc.integer({ min: -1, max: 80 }), (reply, fragmentBytes) => {
      assert.equal(unwrapReply(linesOf(wrapReply(631, reply, fragmentBytes))), reply);
    }),
  );
});

test("R-2228-11 lines that MIT's server seals one by one, without CRLF or with NUL", () => {
  const lines = ["211-Features:", " MDTM", "211 End"];
  assert.equal(joinReply(lines.map(bytes)), "211-Features:\r\n MDTM\r\n211 End\r\n");
  assert.equal(joinReply([bytes("200 ok\0")]), "200 ok\r\n");
  assert.equal(joinReply([bytes("211-a\r"), bytes("\n211 b")]), "211-a\r\n211 b\r\n");
});

test("R-2228-09 the inner command with and without CRLF; other line ends are refused", () => {
  assert.equal(innerCommand(bytes("NOOP\r\n")), "NOOP");
  assert.equal(innerCommand(bytes("NOOP")), "NOOP");
  assert.equal(innerCommand(bytes("USER alice\0")), "USER alice");
  assert.equal(innerCommand(bytes("STOR a\r\0")), "STOR a\r\0");
  assert.equal(innerCommand(bytes("STOR a\r\0b\r\n")), "STOR a\r\0b");
  assert.equal(innerCommand(bytes("STOR \xFF\xFF")), "STOR \xFF", "doubled as outside");
  assert.equal(innerCommand(bytes("STOR \xFF")), "STOR \xFF");
  for (const text of ["NOOP\n", "NOOP\r", "NOOP\r\nDELE x", "NOOP\r\n\r\n", "NO\nOP\r\n", "NO\rOP"]) {
    assert.equal(innerCommand(bytes(text)), undefined, JSON.stringify(text));
  }
});

test("R-2228-05 the token of ADAT in replies", () => {
  assert.equal(formatAdat(bytes("abc")), "ADAT=YWJj");
  assert.deepEqual(parseAdat(octets("ADAT=YWJj")), Uint8Array.from(bytes("abc")));
  assert.deepEqual(parseAdat(octets("[ADAT=YWJj]")), Uint8Array.from(bytes("abc")));
  assert.deepEqual(parseAdat(octets("more, adat=YWJj")), Uint8Array.from(bytes("abc")));
  assert.equal(parseAdat(octets("Using TLS")), "absent");
  assert.equal(parseAdat(octets("ADAT=YW")), "not-base64");
});

test("no octets make the envelope throw", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (given) => {
      const text = octetsFromBytes(given);
      decodeBase64(text);
      innerCommand(given);
      parseAdat(text);
      protectedReplyTokens([text]);
      joinReply([given]);
    }),
  );
});
