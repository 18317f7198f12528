import { CommandDecoder, type CommandEvent, octetsFromBytes } from "@sallyport/protocol";
import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";

const options = { lineBytesMax: 64, securityLineBytesMax: 256, telnetRefusalsMax: 4 };

function decode(chunks: readonly Uint8Array[], overrides = {}): CommandEvent[] {
  const decoder = new CommandDecoder({ ...options, ...overrides });
  const events: CommandEvent[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) events.push(event);
  }
  return events;
}

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const lines = (text: string, overrides = {}): string[] =>
  decode([bytes(text)], overrides).flatMap((event) => (event.kind === "line" ? [event.line] : []));

/** Octets as peers send them, rich in the ones with a meaning. */
const wire = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x00, 0x0a, 0x0d, 0x20, 0x41, 0xf0, 0xf2, 0xf4, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff),
      fc.nat(255),
    ),
    { maxLength: 400 },
  )
  .map((octets) => Uint8Array.from(octets));

describe("CommandDecoder", () => {
  it("joins what is pushed to what was not read yet", () => {
    const decoder = new CommandDecoder(options);
    decoder.push(bytes("NOOP\r\nPW"));
    assert.deepEqual(decoder.next(), { kind: "line", line: "NOOP" });
    decoder.push(bytes("D\r\nQU"));
    decoder.push(bytes("IT\r\n"));
    assert.deepEqual(decoder.next(), { kind: "line", line: "PWD" });
    assert.deepEqual(decoder.next(), { kind: "line", line: "QUIT" });
    assert.equal(decoder.next(), undefined);
  });

  it("R-1123-01 gives the same events however the input is split", () => {
    fc.assert(
      fc.property(wire, fc.array(fc.nat(400), { maxLength: 8 }), (octets, cuts) => {
        const marks = [0, ...cuts.map((cut) => Math.min(cut, octets.length)), octets.length].toSorted((a, b) => a - b);
        const pieces = marks.slice(1).map((mark, at) => octets.slice(marks[at], mark));
        assert.deepEqual(decode(pieces), decode([octets]));
        assert.deepEqual(decode([...octets].map((octet) => Uint8Array.of(octet))), decode([octets]));
      }),
      { numRuns: 500 },
    );
  });

  it("R-959-05 acts on whole lines and never on CR alone", () => {
    assert.deepEqual(lines("NOOP\r"), []);
    assert.deepEqual(lines("NOOP\r\n"), ["NOOP"]);
    assert.deepEqual(lines("NOOP\rPWD\r\n"), ["NOOP\rPWD"]);
  });

  it("R-959-06 takes LF alone as an end, unless it is strict", () => {
    assert.deepEqual(lines("NOOP\nPWD\r\n"), ["NOOP", "PWD"]);
    assert.deepEqual(decode([bytes("NOOP\n")], { strictLineEnds: true }), [{ kind: "bare-line-feed" }]);
  });

  it("R-2640-02 reads CR NUL as CR inside a name, never as an end", () => {
    assert.deepEqual(lines("STOR a\r\0b\r\n"), ["STOR a\rb"]);
  });

  it("R-1123-06 refuses Telnet options and removes them from the command", () => {
    assert.deepEqual(decode([bytes("\xFF\xFB\x01NO\xFF\xFD\x03OP\r\n")]), [
      { kind: "telnet-refusal", octets: "\xFF\xFE\x01" },
      { kind: "telnet-refusal", octets: "\xFF\xFC\x03" },
      { kind: "line", line: "NOOP" },
    ]);
    assert.deepEqual(lines("\xFF\xFC\x01\xFF\xFE\x01\xFF\xF1NOOP\xFF\xFA\x18\x01\xFF\xF0\r\n"), ["NOOP"]);
  });

  it("R-3659-01 reads IAC IAC as one octet of a name", () => {
    assert.deepEqual(lines("STOR a\xFF\xFFb\r\n"), ["STOR a\xFFb"]);
  });

  for (const prefix of ["\xFF\xF4\xFF\xF2", "\xFF\xF4\xFF", "\xFF\xF4\xF2", "\xFF\xF4", ""]) {
    it(`R-959-62 keeps ABOR whole behind ${Buffer.from(prefix, "latin1").toString("hex") || "nothing"}`, () => {
      assert.deepEqual(lines(`${prefix}ABOR\r\n`), ["ABOR"]);
    });
  }

  it("R-959-12 reports an over-long line once and stays in step", () => {
    const events = decode([bytes(`${"A".repeat(65)}\r\n${"A".repeat(64)}\r\n`)]);
    assert.deepEqual(events, [{ kind: "line-too-long" }, { kind: "line", line: "A".repeat(64) }]);
  });

  it("R-2228-13 lets security data be longer than other lines, up to a limit of its own", () => {
    const kinds = (text: string) => decode([bytes(text)]).map(({ kind }) => kind);
    assert.deepEqual(kinds(`ADAT ${"A".repeat(251)}\r\n`), ["line"]);
    assert.deepEqual(kinds(`adat ${"A".repeat(252)}\r\n`), ["line-too-long"]);
    assert.deepEqual(kinds(`MIC ${"A".repeat(200)}\r\n`), ["line"]);
    assert.deepEqual(kinds(`NOOP ${"A".repeat(200)}\r\n`), ["line-too-long"]);
  });

  it("S-14 answers only so many Telnet options", () => {
    assert.equal(decode([bytes("\xFF\xFB\x01".repeat(10_000))]).length, 4);
  });

  it("S-01 tells that octets wait behind the line that was taken", () => {
    const decoder = new CommandDecoder(options);
    decoder.push(bytes("AUTH TLS\r\nN"));
    assert.deepEqual(decoder.next(), { kind: "line", line: octetsFromBytes(bytes("AUTH TLS")) });
    assert.equal(decoder.hasInput, true);
    decoder.clear();
    assert.equal(decoder.hasInput, false);
    decoder.push(bytes("AUTH TLS\r\n"));
    decoder.next();
    assert.equal(decoder.hasInput, false);
  });
});
