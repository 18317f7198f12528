import assert from "node:assert/strict";
import { test } from "node:test";
import { recordBytesMax, recordStream, splitRecords, type RecordStream, type TlsRecord } from "@sallyport/protocol";
import fc from "fast-check";

const helloAndData = Uint8Array.from([22, 3, 1, 0, 2, 0xaa, 0xbb, 23, 3, 3, 0, 0, 21, 3, 3, 0, 2, 1, 0]);

test("records carry type, version, range and content", () => {
  const { records, stream } = splitRecords(recordStream(11), helloAndData);
  assert.deepEqual(
    records.map(({ type, version, from, to, fragment }) => [type, version, from, to, [...fragment]]),
    [
      [22, 0x0301, 11, 18, [0xaa, 0xbb]],
      [23, 0x0303, 18, 23, []],
      [21, 0x0303, 23, 30, [1, 0]],
    ],
  );
  assert.deepEqual(stream, { start: 11, offset: 30, pending: new Uint8Array(0), failure: undefined });
});

test("clear text is told from TLS by its first octet, as `H` and `220` are", () => {
  for (const text of ["H", "HI\r\n", "220 ready\r\n", "GET / HTTP/1.1\r\n"]) {
    assert.equal(splitRecords(recordStream(), Buffer.from(text)).stream.failure, "not-tls", text);
  }
  assert.equal(splitRecords(recordStream(), Uint8Array.of(22)).stream.failure, undefined);
  assert.equal(splitRecords(recordStream(), Uint8Array.of(22, 2)).stream.failure, "not-tls");
  const shaped = splitRecords(recordStream(), Uint8Array.of(71, 3, 3, 0, 1, 7, 22, 3, 3, 0, 1, 7));
  assert.deepEqual([shaped.stream.failure, shaped.records], ["not-tls", []]);
});

test("a record longer than any version allows ends the reading at its header", () => {
  const announced = recordBytesMax - 5;
  const header = (length: number) => Uint8Array.of(23, 3, 3, length >> 8, length & 0xff);
  assert.equal(splitRecords(recordStream(), header(announced)).stream.failure, undefined);
  const { stream, records } = splitRecords(recordStream(), header(announced + 1));
  assert.equal(stream.failure, "too-long");
  assert.deepEqual(records, []);
  assert.deepEqual(splitRecords(stream, helloAndData).records, []);
});

test("any cutting of the input gives the same records", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ type: fc.integer({ min: 20, max: 24 }), fragment: fc.uint8Array({ maxLength: 40 }) }), {
        maxLength: 8,
      }),
      fc.uint8Array({ maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 20 }),
      (sent, garbage, cuts) => {
        const wire = Buffer.concat([
          ...sent.map(({ type, fragment }) => Buffer.from([type, 3, 3, 0, fragment.length, ...fragment])),
          garbage,
        ]);
        const whole = splitRecords(recordStream(), wire);
        const cut = feed(wire, cuts);
        assert.deepEqual(cut.records, whole.records);
        assert.deepEqual(cut.stream, whole.stream);
        assert.ok(whole.records.length >= sent.length);
        assert.ok(whole.stream.pending.length < recordBytesMax);
      },
    ),
  );
});

function feed(wire: Uint8Array, cuts: readonly number[]): { stream: RecordStream; records: TlsRecord[] } {
  let stream = recordStream();
  const records: TlsRecord[] = [];
  for (let at = 0, turn = 0; at < wire.length; turn++) {
    const width = cuts[turn % cuts.length] ?? 1;
    const next = splitRecords(stream, wire.subarray(at, at + width));
    stream = next.stream;
    records.push(...next.records);
    at += width;
  }
  return { stream, records };
}
