import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeReply,
  isPositive,
  isPreliminary,
  multiLineReply,
  type Octets,
  octetsFromText,
  reply,
  replyOctets,
} from "@sallyport/protocol";

test("R-959-08 one line, two lines, and inner lines that cannot look like the last", () => {
  assert.equal(encodeReply(reply(200, "Fine, ä.")), "200 Fine, \xC3\xA4.\r\n");
  assert.equal(encodeReply(multiLineReply(214, "One", [], "Two")), "214-One\r\n214 Two\r\n");
  const inner = ["214 a", "b"].map(octetsFromText);
  assert.equal(encodeReply(multiLineReply(214, "One", inner, "Two")), "214-One\r\n 214 a\r\n b\r\n214 Two\r\n");
});

test("S-09 no name forges a second reply, and 0xFF is doubled", () => {
  const name = "a\r\n226 b\0\xFF" as Octets;
  assert.equal(encodeReply(replyOctets(257, '"', name, '"')), '257 "a??226 b?\xFF\xFF"\r\n');
});

test("the first digit says what a reply is", () => {
  assert.deepEqual(
    [150, 199, 200, 399, 400, 550].map((code) => [isPreliminary(reply(code, "")), isPositive(reply(code, ""))]),
    [
      [true, true],
      [true, true],
      [false, true],
      [false, true],
      [false, false],
      [false, false],
    ],
  );
});
