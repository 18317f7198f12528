import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  encodeReply,
  limitValues,
  multiLineReply,
  octetsFromBytes,
  reply,
  ReplyDecoder,
  type ReplyEvent,
} from "@sallyport/protocol";

const limits = limitValues();

function decode(pieces: readonly (string | Uint8Array)[], given = limits): ReplyEvent[] {
  const decoder = new ReplyDecoder(given);
  const octets = pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece, "latin1") : piece));
  return [...octets.flatMap((piece) => decoder.push(piece)), ...decoder.end()];
}

function replyEvent(code: number, ...lines: string[]) {
  return { kind: "reply", code, lines, truncated: false };
}

test("R-959-08 single lines, one after the other in one piece", () => {
  assert.deepEqual(decode(["220 hello\r\n331 \r\n230 a  b \r\n"]), [
    replyEvent(220, "hello"),
    replyEvent(331, ""),
    replyEvent(230, "a  b "),
  ]);
});

test("R-959-09 a multi-line reply ends at its own code, whatever stands between", () => {
  const text = "230-hi\r\n331 not me\r\n230-x\r\n 230 pad\r\n\r\n2300\r\n230 end\r\n";
  assert.deepEqual(decode([text]), [replyEvent(230, "hi", "331 not me", "230-x", " 230 pad", "", "2300", "end")]);
});

test("R-959-09 codes without text, bare LF, empty lines between replies", () => {
  assert.deepEqual(decode(["220\r\n"]), [replyEvent(220, "")]);
  assert.deepEqual(decode(["211-\n FEAT\n211\n"]), [replyEvent(211, "", " FEAT", "")]);
  assert.deepEqual(decode(["\r\n\n220 a\r\n\r\n221 b\n"]), [replyEvent(220, "a"), replyEvent(221, "b")]);
});

test("R-1123-02 codes that nobody defined pass, what is no code does not", () => {
  assert.deepEqual(decode(["299 x\r\n699 y\r\n"]), [replyEvent(299, "x"), replyEvent(699, "y")]);
  for (const line of ["SSH-2.0-OpenSSH_10", "HTTP/1.1 400", "099 x", "799 x", "22 x", "220x", " 220 x", "220\tx"]) {
    assert.deepEqual(decode([`${line}\r\n220 late\r\n`]), [{ kind: "failure", failure: "not-a-reply", line }], line);
  }
});

test("R-1123-03 an end within a reply is told, an end between replies is not", () => {
  assert.deepEqual(decode(["220 hel"]), [{ kind: "failure", failure: "ended-within-reply", line: "220 hel" }]);
  assert.deepEqual(decode(["220-hello\r\n"]), [{ kind: "failure", failure: "ended-within-reply", line: "" }]);
  assert.deepEqual(decode(["220 hello\r\n"]), [replyEvent(220, "hello")]);
  assert.deepEqual(decode([]), []);
});

test("S-02 octets behind a reply are seen", () => {
  const decoder = new ReplyDecoder(limits);
  assert.equal(decoder.isBetweenReplies, true);
  decoder.push(Buffer.from("234 go\r\n"));
  assert.equal(decoder.isBetweenReplies, true);
  assert.equal(decoder.push(Buffer.from("234 go\r\n2")).length, 1);
  assert.equal(decoder.isBetweenReplies, false);
  const other = new ReplyDecoder(limits);
  other.push(Buffer.from("234-go\r\n"));
  assert.equal(other.isBetweenReplies, false);
});

test("R-3659-01 Telnet: doubled FF is one octet, commands vanish, CR NUL is CR", () => {
  assert.deepEqual(decode([Buffer.from("250 a\xFF\xFFb\r\n", "latin1")]), [replyEvent(250, "a\xFFb")]);
  assert.deepEqual(decode(["\xFF\xFB\x012\xFF\xF120 a\xFF\xFF\xFF\xFDx\r\n"]), [replyEvent(220, "a\xFF")]);
  assert.deepEqual(decode(['257 "a\r\0b"\r\n']), [replyEvent(257, '"a\rb"')]);
  assert.deepEqual(decode(["257 a\rb\xFF\r\n"]), [replyEvent(257, "a\rb")]);
});

test("R-959-09 a reply of 100,000 lines costs bounded memory and the decoder stays in step", () => {
  const small = { ...limits, replyBytes: 10_000 };
  const [event, next] = decode(["230-first\r\n", "more\r\n".repeat(100_000), "230 last\r\n226 next\r\n"], small);
  assert.ok(event?.kind === "reply");
  assert.equal(event.truncated, true);
  assert.ok(event.lines.length < 600);
  assert.equal(event.lines.at(-1), "last");
  assert.deepEqual(next, replyEvent(226, "next"));
});

test("R-959-09 lines are kept while all of them together fit", () => {
  const small = { ...limits, replyBytes: 300 };
  const [event] = decode([`230-${"a".repeat(150)}\r\n${"b".repeat(150)}\r\nc\r\n230 d\r\n`], small);
  assert.deepEqual(event, { kind: "reply", code: 230, lines: ["a".repeat(150), "c", "d"], truncated: true });
});

test("R-959-09 a line over the limit is cut, and counts as an end all the same", () => {
  const small = { ...limits, replyLineBytes: 8 };
  const long = "x".repeat(1000);
  const cut = { kind: "reply", truncated: true };
  assert.deepEqual(decode([`220 ${long}\r\n`], small), [{ ...cut, code: 220, lines: ["xxxx"] }]);
  assert.deepEqual(decode([`220-a\r\n${long}\r\n220 ${long}\r\n221 b\r\n`], small), [
    { ...cut, code: 220, lines: ["a", "xxxxxxxx", "xxxx"] },
    replyEvent(221, "b"),
  ]);
  assert.deepEqual(decode(["220 abcd\n"], small), [replyEvent(220, "abcd")]);
});

test("R-1123-01 cuts change nothing, at every octet and anywhere", () => {
  const likely = fc
    .array(fc.constantFrom("220", "-", " ", "\r", "\n", "\r\n", "331 x\r\n", "\xFF", "\0", "a"), { maxLength: 20 })
    .map((words) => words.join(""));
  fc.assert(
    fc.property(likely, (text) => {
      const whole = decode([text]);
      assert.deepEqual(decode(text.split("")), whole);
      for (let at = 0; at <= text.length; at++) assert.deepEqual(decode([text.slice(0, at), text.slice(at)]), whole);
    }),
    { numRuns: 500 },
  );
});

test("R-959-08 what the server encodes, the client decodes", () => {
  const line = fc.uint8Array({ maxLength: 20 }).map((bytes) => octetsFromBytes(bytes));
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 699 }), fc.array(line), (code, inner) => {
      const sent = multiLineReply(code, "opening", inner, "closing");
      const shown = inner.map((octets) => ` ${octets.replace(/[\r\n\0]/g, "?")}`);
      assert.deepEqual(decode([encodeReply(sent)]), [replyEvent(code, "opening", ...shown, "closing")]);
      assert.deepEqual(decode([encodeReply(reply(code, "x"))]), [replyEvent(code, "x")]);
    }),
  );
});

test("no octets make the decoder throw", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (pieces) => void decode(pieces, { ...limits, replyLineBytes: 4 })));
});
