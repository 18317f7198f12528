import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AnswerReader, type HelloAnswer } from "../../src/hello/read-answer.ts";

/** ServerHello and ServerHelloDone of TLS 1.2 in one record. */
const flight = Buffer.concat([
  Buffer.from([22, 3, 3, 0, 46, 2, 0, 0, 38, 3, 3]),
  Buffer.alloc(32, 7),
  Buffer.from([0, 0xc0, 0x2f, 0, 14, 0, 0, 0]),
]);

test("the answer is the same wherever the octets are cut", () => {
  const whole = read([flight]);
  assert.ok(whole?.kind === "hello" && whole.hello.cipherSuite === 0xc02f);
  for (let at = 1; at < flight.length; at++) {
    assert.deepEqual(read([flight.subarray(0, at), flight.subarray(at)]), whole, String(at));
  }
});

test("an alert, clear text and SSL 2.0 are told apart", () => {
  assert.deepEqual(read([Buffer.from([21, 3, 3, 0, 2, 2, 70])]), { kind: "alert", alert: "protocol_version" });
  assert.deepEqual(read([Buffer.from("500 what\u0007?\r\nmore")]), { kind: "clear", line: "500 what\\x07?" });
  assert.deepEqual(read([Buffer.from([0x80, 11, 4, 0, 1, 0, 2])]), { kind: "ssl2" });
});

test("a warning of an unknown name lets the handshake go on", () => {
  const answer = read([Buffer.from([21, 3, 3, 0, 2, 1, 112]), flight]);
  assert.equal(answer?.kind, "hello");
});

test("no octets make it throw", () => {
  const octets = fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 6 });
  const records = fc.array(
    fc.tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 80 })).map(([type, content]) => {
      return Uint8Array.from([type, 3, 3, 0, content.length, ...content]);
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(fc.oneof(octets, records), (pieces) => {
      read(pieces);
      const reader = new AnswerReader();
      for (const piece of pieces) reader.push(piece);
      assert.ok(reader.end().kind.length > 0);
    }),
    { numRuns: 300 },
  );
});

function read(pieces: readonly Uint8Array[]): HelloAnswer | undefined {
  const reader = new AnswerReader();
  for (const piece of pieces) {
    const answer = reader.push(piece);
    if (answer) return answer;
  }
  return undefined;
}
