import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  reduceTap,
  summarise,
  wireState,
  type Direction,
  type ExplainEvent,
  type FieldNode,
  type Tap,
  type TlsMode,
} from "@sallyport/inspector/model";
import fc from "fast-check";
import { makeKeyPair, recordNodeHandshake, type WireRead } from "../../protocol/test/tls/handshakes.ts";

const keyPair = makeKeyPair("ec");
after(() => keyPair[Symbol.asyncDispose]());
const serverTls = { cert: keyPair.cert, key: keyPair.key };
const serverName = { servername: "ftp.example.test" };

test("explicit mode: lines until the 234, records behind it, offsets of both counted on", async () => {
  const wire = await recordNodeHandshake(serverTls, serverName);
  const events = reduce("explicit", [...clearPart(), ...octetTaps(wire)]);
  assert.deepEqual(
    events.slice(0, 3).map((event) => ["line" in event && event.line, event.offset, event.length, event.clear]),
    [
      ["220 ready", 0, 11, true],
      ["AUTH TLS", 0, 10, true],
      ["234 proceed", 11, 13, true],
    ],
  );
  const hello = events.find((event) => event.kind === "messages");
  assert.equal(hello?.offset, 10, "the ClientHello stands behind AUTH TLS");
  const answer = events.find((event) => event.kind === "messages" && event.direction === "to-client");
  assert.equal(answer?.offset, 24, "the ServerHello stands behind 220 and 234");
  assert.equal(events.filter(({ layer }) => layer === "ftp").length, 3);
  assert.deepEqual(summarise(events, "explicit").turn, { atMs: 1, clearToServer: 10, clearToClient: 24 });
  assert.equal(summarise(events, "explicit").clearFtpOctets, 34);
});

test("implicit mode: records from the first octet, and no line of FTP in clear", async () => {
  const events = reduce("implicit", octetTaps(await recordNodeHandshake(serverTls, serverName)));
  assert.equal(events[0]?.kind, "messages");
  assert.equal(events[0]?.offset, 0);
  assert.equal(events.filter(({ layer }) => layer === "ftp").length, 0);
  const { clientHello, serverHello, clearFtpOctets, certificateReadable } = summarise(events, "implicit");
  assert.equal(clientHello?.serverName, "ftp.example.test");
  assert.equal(serverHello?.version, "TLS 1.3");
  assert.equal(clearFtpOctets, 0);
  assert.equal(certificateReadable, false);
});

test("TLS 1.2 shows the certificate and the group to anyone", async () => {
  const wire = await recordNodeHandshake({ ...serverTls, maxVersion: "TLSv1.2" }, serverName);
  const summary = summarise(reduce("implicit", octetTaps(wire)), "implicit");
  assert.equal(summary.certificateReadable, true);
  assert.equal(summary.group, "X25519");
  assert.equal(summary.serverHello?.version, "TLS 1.2");
});

test("clear text on the implicit port is read as lines, in whichever direction it comes", () => {
  const events = reduce("implicit", [octets("to-server", "HELP\r\n"), octets("to-client", "220 what?\r\n")]);
  assert.deepEqual(
    events.map((event) => ["line" in event && event.line, event.kind, event.clear, event.offset]),
    [
      ["HELP", "command", true, 0],
      ["220 what?", "reply", true, 0],
    ],
  );
});

test("a refused AUTH leaves the connection in clear", () => {
  const events = reduce("explicit", [
    octets("to-client", "220 ready\r\n"),
    octets("to-server", "AUTH TLS\r\n"),
    octets("to-client", "504 no\r\n"),
    octets("to-server", "PASS hunter2\r\n"),
  ]);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["reply", "command", "reply", "command"],
  );
  assert.equal("line" in (events[3] ?? {}) && events[3] && "line" in events[3] && events[3].line, "PASS ****");
  assert.ok(!JSON.stringify(events).includes("hunter2"), "a password in clear is not repeated");
});

test("S-01 text behind the 234 stays visible as clear text", () => {
  const events = reduce("explicit", [
    octets("to-server", "AUTH TLS\r\n"),
    octets("to-client", "234 proceed\r\n230 logged in\r\n"),
  ]);
  assert.deepEqual(
    events.map((event) => "line" in event && [event.line, event.clear, event.offset]),
    [
      ["AUTH TLS", true, 0],
      ["234 proceed", true, 0],
      ["230 logged in", true, 13],
    ],
  );
});

test("a reply of several lines ends with its code and a space", () => {
  const events = reduce("explicit", [octets("to-client", "220-a\r\n 230 b\r\n234 c\r\n220 d\r\n214 e\r\n")]);
  assert.deepEqual(
    events.map((event) => event.kind === "reply" && [event.code, event.last]),
    [
      [220, false],
      [220, false],
      [220, false],
      [220, true],
      [214, true],
    ],
  );
});

test("octets behind records that are none are told by their length alone", async () => {
  const wire = await recordNodeHandshake(serverTls, {});
  const first = wire.slice(0, 1);
  const events = reduce("implicit", [...octetTaps(first), octets("to-server", "USER a\r\n"), octets("to-server", "x")]);
  assert.deepEqual(
    events.slice(1).map((event) => [event.kind, event.length]),
    [
      ["unreadable", 8],
      ["unreadable", 1],
    ],
  );
});

test("control characters of a peer never reach a value", () => {
  const events = reduce("explicit", [octets("to-client", "220 \x1b[31mred\x07\r\n")]);
  // oxlint-disable-next-line no-control-regex -- their absence is what is tested
  assert.doesNotMatch(JSON.stringify(events), /[\u0000-\u001f]|\\u001b|\\u0007/);
  assert.equal(events[0] && "line" in events[0] && events[0].line, "220 \\x1B[31mred\\x07");
});

test("a line without an end is told when the direction is over", () => {
  const events = reduce("explicit", [
    octets("to-client", "SSH-2.0-Open"),
    { kind: "finished", atMs: 1, direction: "to-client" },
  ]);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["text", "finished"],
  );
});

test("lines inside TLS are told as encrypted", () => {
  const bytes = new TextEncoder().encode("220 hi\r\n");
  const events = reduce("implicit", [{ kind: "inside", atMs: 1, direction: "to-client", octets: bytes }]);
  assert.deepEqual(
    events.map((event) => [event.kind, event.clear]),
    [["reply", false]],
  );
});

test("each field stands on octets of its event, and the server's name on those that spell it", async () => {
  const wire = await recordNodeHandshake(serverTls, serverName);
  const events = reduce("explicit", [...clearPart(), ...octetTaps(wire)]);
  for (const event of events)
    for (const node of event.tree) assertWithin(node, event.offset, event.offset + event.length);
  const hello = events.find((event) => event.kind === "messages");
  const message = hello?.tree.find(({ name }) => name === "ClientHello");
  const name = message?.children?.find((node) => node.name === "server_name");
  assert.ok(name);
  assert.equal(name.value, "ftp.example.test");
  const sent = Buffer.concat([
    Buffer.alloc(10),
    ...wire.filter(({ sender }) => sender === "client").map((r) => r.octets),
  ]);
  assert.ok(sent.subarray(name.from, name.to).includes("ftp.example.test"));
});

test("any cutting of the octets gives the same events but for the times", async () => {
  const wire = await recordNodeHandshake({ ...serverTls, maxVersion: "TLSv1.2" }, serverName);
  const taps = [...clearPart(), ...octetTaps(wire)];
  const whole = reduce("explicit", taps);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }), (widths) => {
      let turn = 0;
      const cut = taps.flatMap((tap) => cutTap(tap, () => widths[turn++ % widths.length] ?? 1));
      assert.deepEqual(reduce("explicit", cut), whole);
    }),
    { numRuns: 30 },
  );
});

test("no octets make it throw", () => {
  const tap = fc.record({
    kind: fc.constantFrom("octets" as const, "inside" as const),
    atMs: fc.constant(0),
    direction: fc.constantFrom("to-server" as const, "to-client" as const),
    octets: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .constantFrom("220 a\r\n", "AUTH TLS\r\n", "234 b\r\n", "\x16\x03\x01\x00\x05\x01")
        .map((text) => Buffer.from(text, "latin1")),
    ),
  });
  fc.assert(
    fc.property(
      fc.constantFrom("explicit" as const, "implicit" as const),
      fc.array(tap, { maxLength: 12 }),
      (mode, taps) => {
        const events = reduce(mode, taps);
        assert.doesNotThrow(() => summarise(events, mode));
        for (const event of events) assert.ok(event.length >= 0 && event.offset >= 0);
      },
    ),
    { numRuns: 500 },
  );
});

function clearPart(): Tap[] {
  return [
    octets("to-client", "220 ready\r\n"),
    octets("to-server", "AUTH TLS\r\n"),
    octets("to-client", "234 proceed\r\n"),
  ];
}

function octets(direction: Direction, text: string): Tap {
  return { kind: "octets", atMs: 1, direction, octets: Buffer.from(text, "latin1") };
}

function octetTaps(wire: readonly WireRead[]): Tap[] {
  return wire.map(({ sender, octets: sent }) => ({
    kind: "octets",
    atMs: 1,
    direction: sender === "client" ? "to-server" : "to-client",
    octets: sent,
  }));
}

function cutTap(tap: Tap, width: () => number): Tap[] {
  if (tap.kind === "finished") return [tap];
  const pieces: Tap[] = [];
  for (let at = 0; at < tap.octets.length;) {
    const end = at + width();
    pieces.push({ ...tap, octets: tap.octets.subarray(at, end) });
    at = end;
  }
  return pieces;
}

function reduce(mode: TlsMode, taps: readonly Tap[]): ExplainEvent[] {
  let state = wireState(mode);
  const events: ExplainEvent[] = [];
  for (const tap of taps) {
    const next = reduceTap(state, tap);
    state = next.state;
    events.push(...next.events);
  }
  return events;
}

function assertWithin(node: FieldNode, from: number, to: number): void {
  assert.ok(
    node.from >= from && node.to <= to && node.from <= node.to,
    `${node.name} ${node.from}-${node.to} in ${from}-${to}`,
  );
  for (const child of node.children ?? []) assertWithin(child, node.from, node.to);
}
