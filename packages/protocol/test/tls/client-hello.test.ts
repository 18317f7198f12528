import {
  limits,
  type ClientHello,
  highestOfferedVersion,
  isGrease,
  offeredTickets,
  parseClientHello,
  parseClientHelloMessage,
} from "@sallyport/protocol";
import assert from "node:assert/strict";
import { once } from "node:events";
import { duplexPair } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";
import { test } from "node:test";
import fc from "fast-check";

/** The first flight of Node's own TLS client. */
async function realHello(options: ConnectionOptions): Promise<Buffer> {
  const [near, far] = duplexPair();
  const client = connect({ socket: near, rejectUnauthorized: false, ...options });
  client.on("error", () => {});
  const [flight] = (await once(far, "data")) as [Buffer];
  client.destroy();
  return flight;
}

function parsed(octets: Uint8Array): ClientHello {
  const hello = parseClientHello(octets);
  assert.ok(typeof hello !== "string", `no hello: ${JSON.stringify(hello)}`);
  return hello;
}

/** Puts a handshake message into records of the given payload lengths, the last length repeated. */
function records(message: Uint8Array, lengths: readonly number[]): Uint8Array {
  const parts: number[] = [];
  for (let at = 0, i = 0; at < message.length; i++) {
    const length = Math.min(lengths[Math.min(i, lengths.length - 1)] ?? 1, message.length - at);
    parts.push(22, 3, 1, length >> 8, length & 0xff, ...message.subarray(at, at + length));
    at += length;
  }
  return Uint8Array.from(parts);
}

function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function extension(type: number, data: readonly number[]): number[] {
  return [...u16(type), ...u16(data.length), ...data];
}

function text(value: string): number[] {
  return Array.from(value, (character) => character.charCodeAt(0));
}

/** A hello made by hand: TLS 1.2 with the given extensions. */
function madeHello(extensions: readonly number[][], cipherSuites: readonly number[] = [0xc02b]): Uint8Array {
  const suites = cipherSuites.flatMap(u16);
  const list = extensions.flat();
  const body = [
    3,
    3,
    ...Array<number>(32).fill(7),
    0,
    ...u16(suites.length),
    ...suites,
    1,
    0,
    ...u16(list.length),
    ...list,
  ];
  return Uint8Array.from([1, 0, ...u16(body.length), ...body]);
}

const tls13Flight = await realHello({
  servername: "files.example",
  ALPNProtocols: ["ftp", "x"],
  maxVersion: "TLSv1.3",
});
const tls12Flight = await realHello({ servername: "files.example", maxVersion: "TLSv1.2" });

test("R-TLS-04 a TLS 1.3 hello of Node is read whole", () => {
  const hello = parsed(tls13Flight);
  assert.equal(hello.byteLength, tls13Flight.length);
  assert.equal(hello.legacyVersion, 0x0303);
  assert.equal(hello.serverName, "files.example");
  assert.deepEqual(hello.alpn, ["ftp", "x"]);
  assert.ok(hello.supportedVersions.includes(0x0304));
  assert.equal(highestOfferedVersion(hello), 0x0304);
  assert.equal(hello.supportedGroups[0], 0x11ec, "X25519MLKEM768 first");
  assert.ok(hello.keyShareGroups.includes(0x11ec) || hello.keyShareGroups.includes(0x001d));
  assert.ok(hello.signatureAlgorithms.includes(0x0403));
  assert.ok(hello.cipherSuites.includes(0x1301));
  assert.deepEqual(hello.compressionMethods, [0]);
  assert.equal(hello.extendedMasterSecret, true);
  assert.equal(hello.renegotiationInfo, true);
  assert.equal(hello.earlyData, false);
  assert.equal(hello.sessionTicketLength, 0);
  assert.deepEqual(hello.preSharedKeyIdentities, []);
  assert.deepEqual(hello.pskModes, [1]);
  assert.equal(hello.message[0], 1);
  assert.equal(offeredTickets(hello).length, 0);
});

test("a TLS 1.2 hello of Node has no supported_versions and tops at 1.2", () => {
  const hello = parsed(tls12Flight);
  assert.deepEqual(hello.supportedVersions, []);
  assert.equal(highestOfferedVersion(hello), 0x0303);
  assert.equal(hello.renegotiationInfo, true);
  assert.equal(hello.sessionTicketLength, 0);
});

test("every strict prefix is incomplete, and what follows the hello is not consumed", () => {
  for (let end = 0; end < tls13Flight.length; end++) {
    assert.equal(parseClientHello(tls13Flight.subarray(0, end)), "incomplete", `at ${end}`);
  }
  const longer = Buffer.concat([tls13Flight, Buffer.from([20, 3, 3, 0, 1, 1])]);
  assert.equal(parsed(longer).byteLength, tls13Flight.length);
});

test("however the hello is cut into records, it says the same", () => {
  const whole = parsed(tls13Flight);
  const lengths = fc.array(fc.integer({ min: 8, max: 700 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(lengths, (cuts) => {
      const octets = records(whole.message, cuts);
      const hello = parsed(octets);
      assert.deepEqual(
        { ...hello, byteLength: 0, recordVersion: 0, message: Buffer.from(hello.message) },
        { ...whole, byteLength: 0, recordVersion: 0, message: Buffer.from(whole.message) },
      );
      assert.equal(hello.byteLength, octets.length);
      assert.equal(parseClientHello(octets.subarray(0, octets.length - 1)), "incomplete");
    }),
    { numRuns: 200 },
  );
});

test("S-33 nothing throws: random octets, and real hellos with octets changed", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => void parseClientHello(octets)));
  const change = fc.tuple(fc.nat(tls13Flight.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const octets = Uint8Array.from(tls13Flight);
      for (const [at, octet] of changes) octets[at] = octet;
      parseClientHello(octets);
    }),
    { numRuns: 2000 },
  );
});

test("S-33 hellos made of random extensions never throw and keep their order", () => {
  const one = fc.tuple(fc.nat(0xffff), fc.array(fc.nat(255), { maxLength: 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(one, { selector: ([type]) => type, maxLength: 12 }), (extensions) => {
      const hello = parseClientHello(
        records(madeHello(extensions.map(([type, data]) => extension(type, data))), [9000]),
      );
      if (typeof hello === "string") return assert.equal(hello, "malformed");
      assert.deepEqual(
        hello.extensions.map(({ type }) => type),
        extensions.map(([type]) => type),
      );
      for (const [at, { start, end }] of hello.extensions.entries()) {
        assert.deepEqual([...hello.message.subarray(start, end)], extensions[at]?.[1]);
      }
    }),
  );
});

test("T-01 the first octet is enough to tell plain text from TLS", () => {
  assert.equal(parseClientHello(Buffer.from("H")), "not-tls");
  assert.equal(parseClientHello(Buffer.from("HELP\r\n")), "not-tls");
  assert.equal(parseClientHello(Uint8Array.of(22, 2)), "not-tls");
  assert.equal(parseClientHello(Uint8Array.of(0x80, 0x2e, 1)), "not-tls");
});

test("records that cannot be a hello are told apart", () => {
  assert.equal(parseClientHello(Uint8Array.of(22, 3, 1, 0, 0)), "malformed");
  assert.equal(parseClientHello(Uint8Array.of(22, 3, 1, 0x40, 1)), "malformed");
  assert.equal(parseClientHello(Uint8Array.of(22, 3, 1, 0, 4, 2)), "not-client-hello");
  const whole = parsed(tls12Flight);
  const trailing = records(Buffer.concat([whole.message, Buffer.from([0])]), [9000]);
  assert.equal(parseClientHello(trailing), "malformed", "the hello shares its record");
  const [first, rest] = [whole.message.subarray(0, 50), whole.message.subarray(50)];
  const interrupted = Buffer.concat([records(first, [50]), Buffer.from([20, 3, 3, 0, 1, 1]), records(rest, [900])]);
  assert.equal(parseClientHello(interrupted), "malformed", "another record stands between");
});

test("S-14 a hello longer than the bound is refused, announced or dripped", () => {
  const max = limits.clientHelloBytes.value;
  assert.equal(parseClientHello(Uint8Array.of(22, 3, 1, 0, 4, 1, 1, 0, 0)), "too-long", "announces 64 KiB and more");
  const begun = [1, 0, 0xff, 0xf0, ...Array<number>(100).fill(0)];
  const long = records(Uint8Array.from(begun), [1]);
  assert.equal(parseClientHello(long), "incomplete");
  assert.equal(parseClientHello(long, 300), "too-long");
  const unfinished = records(Uint8Array.from([...begun, ...Array<number>(65_000).fill(0)]), [9000]);
  assert.ok(unfinished.length > 65_000 && unfinished.length < max);
  assert.equal(parseClientHello(unfinished), "incomplete");
  assert.equal(parseClientHello(Buffer.concat([unfinished, records(Buffer.alloc(800), [800])])), "too-long");
  const crumbs = records(Uint8Array.from([...begun, ...Array<number>(200).fill(0)]), [1]);
  assert.equal(parseClientHello(crumbs), "too-long", "more records than any client makes");
});

test("R-TLS-06 GREASE and an unknown encrypted_client_hello do no harm", () => {
  const name = [...u16(12), 0, ...u16(9), ...text("host.test")];
  const hello = parsed(
    records(
      madeHello(
        [
          extension(0x1a1a, []),
          extension(0, name),
          extension(10, [...u16(4), 0x2a, 0x2a, 0, 29]),
          extension(0xfe0d, [0, 0, 1, 0, 1, 9, 0, 2, 5, 5, 0, 2, 6, 6]),
          extension(43, [4, 0x7a, 0x7a, 3, 4]),
        ],
        [0x8a8a, 0x1301],
      ),
      [9000],
    ),
  );
  assert.equal(hello.serverName, "host.test");
  assert.equal(hello.encryptedClientHello, true);
  assert.deepEqual(hello.supportedGroups, [0x2a2a, 29]);
  assert.equal(highestOfferedVersion(hello), 0x0304);
  assert.ok(isGrease(0x8a8a) && isGrease(0x0a0a) && !isGrease(0x0a1a) && !isGrease(0x1301));
  assert.equal(hello.renegotiationInfo, false);
  assert.equal(hello.extendedMasterSecret, false);
});

test("RFC 5746 the signalling suite counts as renegotiation_info", () => {
  assert.equal(parsed(records(madeHello([], [0xc02b, 0x00ff]), [9000])).renegotiationInfo, true);
});

test("TLS 1.2 tickets and TLS 1.3 identities are found, with their octets", () => {
  const identity = Array<number>(40).fill(5);
  const binder = [...u16(33), 32, ...Array<number>(32).fill(0)];
  const preSharedKey = [...u16(46), ...u16(40), ...identity, 0, 0, 1, 0, ...binder];
  const hello = parsed(records(madeHello([extension(35, [1, 2, 3]), extension(41, preSharedKey)]), [9000]));
  assert.equal(hello.sessionTicketLength, 3);
  assert.deepEqual(
    hello.preSharedKeyIdentities.map(({ length, obfuscatedAgeMs }) => [length, obfuscatedAgeMs]),
    [[40, 256]],
  );
  assert.deepEqual(
    offeredTickets(hello).map((ticket) => Array.from(ticket)),
    [identity, [1, 2, 3]],
  );
});

test("rules of the format: no extension twice, whole vectors, one printable host name", () => {
  const name = (value: string) => [...u16(value.length + 3), 0, ...u16(value.length), ...text(value)];
  const malformed: number[][][] = [
    [extension(23, []), extension(23, [])],
    [extension(10, [...u16(3), 0, 29, 0])],
    [extension(0, name("a\0b"))],
    [extension(0, name("a\r\nb"))],
    [extension(0, name(""))],
    [extension(0, name("x".repeat(256)))],
    [extension(16, [...u16(1), 0])],
    [extension(43, [4, 3, 4])],
  ];
  for (const extensions of malformed) {
    assert.equal(parseClientHello(records(madeHello(extensions), [9000])), "malformed");
  }
});

test("early data is told, and a message on its own is read without records", () => {
  const message = madeHello([extension(42, [])]);
  const hello = parseClientHelloMessage(message);
  assert.ok(hello !== "malformed");
  assert.deepEqual([hello.earlyData, hello.byteLength, hello.recordVersion], [true, 0, 0]);
  const carried = parsed(records(madeHello([]), [9000]));
  assert.deepEqual([carried.earlyData, carried.recordVersion], [false, 0x0301]);
  assert.equal(parseClientHelloMessage(Uint8Array.from([...message, 0])), "malformed");
  assert.equal(parseClientHelloMessage(Uint8Array.from([2, ...message.subarray(1)])), "malformed");
});

test("a session identifier has at most 32 octets", () => {
  const withSessionId = (length: number): Uint8Array => {
    const [type, zero, _high, _low, ...body] = madeHello([]);
    body.splice(34, 1, length, ...Array<number>(length).fill(1));
    return records(Uint8Array.from([type ?? 0, zero ?? 0, ...u16(body.length), ...body]), [9000]);
  };
  assert.equal(parsed(withSessionId(32)).sessionIdLength, 32);
  assert.equal(parseClientHello(withSessionId(33)), "malformed");
});

test("vectors that announce more than there is, or half an element, are malformed", () => {
  const hello = madeHello([extension(23, [])]);
  const changed = (at: number, octet: number) => parseClientHelloMessage(hello.with(at, octet));
  assert.notEqual(parseClientHelloMessage(hello), "malformed");
  assert.equal(changed(40, 3), "malformed", "a suite and a half");
  assert.equal(changed(hello.length - 5, 5), "malformed", "extensions beyond the end");
  assert.equal(changed(hello.length - 5, 3), "malformed", "extensions that end too soon");
});
