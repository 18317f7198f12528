import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  alertName,
  dissect,
  dissectionFailure,
  groupName,
  limits,
  signatureAlgorithmName,
  streamOffset,
  suiteName,
  tlsDissection,
  tlsVersions,
  type DissectedMessage,
  type DissectedRecord,
  type RecordContent,
  type ServerHello,
  type TlsSender,
} from "@sallyport/protocol";
import fc from "fast-check";
import { makeKeyPair, recordNodeHandshake, recordOpensslHandshake, type WireRead } from "./handshakes.ts";

const rsa = makeKeyPair("rsa");
const ec = makeKeyPair("ec");
after(async () => {
  await rsa[Symbol.asyncDispose]();
  await ec[Symbol.asyncDispose]();
});

test("TLS 1.3: both hellos are read, and behind them nothing but types and lengths", async () => {
  const wire = await recordNodeHandshake(
    { cert: ec.cert, key: ec.key, ALPNProtocols: ["ftp"] },
    { servername: "ftp.example.test", ALPNProtocols: ["ftp"] },
  );
  const client = dissectAll(wire, "client");
  const server = dissectAll(wire, "server");
  const offered = messageOf(client, "client-hello").hello;
  assert.equal(offered.serverName, "ftp.example.test");
  assert.deepEqual(offered.alpn, ["ftp"]);
  assert.equal(groupName(offered.keyShareGroups[0] ?? 0), "X25519MLKEM768");
  const chosen = messageOf(server, "server-hello").hello;
  assert.equal(chosen.version, tlsVersions.tls13);
  assert.equal(suiteName(chosen.cipherSuite), "TLS_AES_256_GCM_SHA384");
  assert.equal(groupName(chosen.group ?? 0), "X25519MLKEM768");
  assert.equal(chosen.alpn, undefined, "TLS 1.3 sends the chosen protocol encrypted");
  assert.deepEqual(kinds(server).slice(0, 3), ["handshake", "change-cipher-spec", "encrypted"]);
  assert.ok(
    kinds(server)
      .slice(2)
      .every((kind) => kind === "encrypted"),
  );
  assert.equal(messages(server).length, 1);
});

test("TLS 1.3: HelloRetryRequest names the group, the second hello follows it", async () => {
  const wire = await recordOpensslHandshake(rsa, ["-groups", "P-384"], { ecdhCurve: "X25519:P-384" });
  const hellos = messages(dissectAll(wire, "server")).map((message) => (message as { hello: ServerHello }).hello);
  assert.deepEqual(
    hellos.map(({ helloRetryRequest, group, version }) => [helloRetryRequest, groupName(group ?? 0), version]),
    [
      [true, "P-384", tlsVersions.tls13],
      [false, "P-384", tlsVersions.tls13],
    ],
  );
  const offers = messages(dissectAll(wire, "client"));
  assert.deepEqual(
    offers.map((message) => message.kind === "client-hello" && message.hello.keyShareGroups.map(groupName)),
    [["X25519"], ["P-384"]],
  );
});

test("TLS 1.2: certificate, curve and signature algorithm are readable, Finished is not", async () => {
  const wire = await recordOpensslHandshake(rsa, ["-tls1_2", "-alpn", "ftp"], { ALPNProtocols: ["ftp"] });
  const server = dissectAll(wire, "server");
  const chosen = messageOf(server, "server-hello").hello;
  assert.equal(chosen.version, tlsVersions.tls12);
  assert.equal(chosen.alpn, "ftp");
  assert.equal(chosen.extendedMasterSecret, true);
  assert.equal(chosen.announcesTicket, true);
  assert.equal(chosen.renegotiationInfo, true);
  assert.match(suiteName(chosen.cipherSuite), /^TLS_ECDHE_RSA_WITH_/);
  const { certificates, message } = messageOf(server, "certificate");
  const [leaf] = certificates;
  assert.ok(leaf);
  const der = Buffer.from(rsa.cert.replace(/-----.*?-----/g, ""), "base64");
  assert.deepEqual(Buffer.from(message.octets.subarray(leaf.start, leaf.end)), der);
  const { key } = messageOf(server, "server-key-exchange");
  assert.equal(groupName(key.group ?? 0), "X25519");
  assert.equal(signatureAlgorithmName(key.signatureAlgorithm ?? 0), "rsa_pss_rsae_sha256");
  assert.equal(key.signatureLength, 256);
  // Behind Finished a close_notify may or may not be caught.
  const ciphered = kinds(server).slice(kinds(server).indexOf("change-cipher-spec"));
  assert.deepEqual(new Set(ciphered), new Set(["change-cipher-spec", "encrypted"]));
  assert.deepEqual(ciphered.slice(0, 2), ["change-cipher-spec", "encrypted"]);
  assert.deepEqual(kinds(dissectAll(wire, "client")).slice(0, 4), [
    "handshake",
    "handshake",
    "change-cipher-spec",
    "encrypted",
  ]);
});

test("TLS 1.2 with finite-field Diffie-Hellman: the length of the prime is readable", async () => {
  const wire = await recordOpensslHandshake(rsa, ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], {});
  const { key } = messageOf(dissectAll(wire, "server"), "server-key-exchange");
  assert.equal(key.group, undefined);
  assert.ok((key.primeBits ?? 0) >= 2048);
});

test("an alert before the keys is read in clear", async () => {
  const wire = await recordNodeHandshake(
    { cert: ec.cert, key: ec.key, ALPNProtocols: ["ftp"] },
    { ALPNProtocols: ["http/1.1"] },
  );
  const alert = dissectAll(wire, "server").find(({ content }) => content.kind === "alert")?.content;
  assert.ok(alert?.kind === "alert");
  assert.equal(alertName(alert.alert.description), "no_application_protocol");
});

test("the range of a message spans the records that carry it", () => {
  const message = [1, 0, 0, 4, 9, 8, 7, 6];
  const wire = Uint8Array.from([22, 3, 1, 0, 5, ...message.slice(0, 5), 22, 3, 1, 0, 3, ...message.slice(5)]);
  const { records } = dissect(tlsDissection(100, 0), "client", wire);
  const [first, second] = records;
  assert.deepEqual([first?.content, second?.content].map(unfinished), [true, false]);
  assert.ok(second?.content.kind === "handshake");
  const joined = second.content.messages[0]?.message;
  assert.ok(joined);
  assert.deepEqual(
    message.map((_octet, at) => streamOffset(joined, at)),
    [105, 106, 107, 108, 109, 115, 116, 117],
  );
});

test("messages that share records keep their own ranges", () => {
  const first = [1, 0, 0, 2, 9, 9];
  const second = [11, 0, 0, 4, 8, 7, 6, 5];
  const all = [...first, ...second];
  for (const cuts of [[7, 10], [6, 9], [3, 11], [2, 4, 8, 12], []]) {
    const bounds = [0, ...cuts, all.length];
    const wire = bounds.slice(1).flatMap((end, at) => {
      const part = all.slice(bounds[at], end);
      return [22, 3, 3, 0, part.length, ...part];
    });
    const places = all.map((_octet, at) => at + 5 * bounds.slice(1).filter((end) => end <= at).length + 5);
    const joined = dissect(tlsDissection(), "server", Uint8Array.from(wire)).records.flatMap(({ content }) =>
      content.kind === "handshake" ? content.messages.map(({ message }) => message) : [],
    );
    const offsets = joined.flatMap((message) => Array.from(message.octets, (_octet, at) => streamOffset(message, at)));
    assert.deepEqual(offsets, places, `cut at ${cuts.join(" ")}`);
  }
});

test("a handshake message that outgrows its limits ends the joining, not the reading of records", () => {
  const endless = Uint8Array.from([22, 3, 1, 0, 4, 11, 0xff, 0xff, 0xff, 23, 3, 3, 0, 1, 7]);
  const long = dissect(tlsDissection(), "server", endless);
  assert.deepEqual(
    long.records.map(({ content }) => content.kind),
    ["handshake", "encrypted"],
  );
  assert.equal(long.dissection.server.handshake.failure, "too-long");
  const drip = Buffer.concat(
    Array.from({ length: limits.handshakeRecordsCount.value + 2 }, () => Buffer.from([22, 3, 1, 0, 1, 1])),
  );
  assert.equal(dissect(tlsDissection(), "client", drip).dissection.client.handshake.failure, "too-long");
});

test("what has no meaning is said to be unreadable, or a message of no known kind", () => {
  const kindsOf = (sender: TlsSender, ...octets: number[]) =>
    dissect(tlsDissection(), sender, Uint8Array.from(octets)).records.map(({ content }) =>
      content.kind === "handshake" ? content.messages.map(({ kind }) => kind) : content.kind,
    );
  assert.deepEqual(kindsOf("client", 24, 3, 3, 0, 1, 7), ["unreadable"]);
  assert.deepEqual(kindsOf("client", 21, 3, 3, 0, 2, 7, 7), ["unreadable"]);
  assert.deepEqual(kindsOf("client", 21, 3, 3, 0, 2, 2, 40), ["alert"]);
  // A hello from the wrong side, malformed ones, a certificate that does not fit, a key without its hello.
  for (const [sender, type] of [
    ["client", 2],
    ["server", 1],
    ["client", 1],
    ["server", 2],
    ["server", 11],
    ["server", 12],
    ["server", 77],
  ] as const) {
    assert.deepEqual(kindsOf(sender, 22, 3, 3, 0, 5, type, 0, 0, 1, 9), [["other"]], `${sender} ${type}`);
  }
});

test("any cutting of both directions gives the same contents", async () => {
  const wire = await recordNodeHandshake({ cert: ec.cert, key: ec.key, maxVersion: "TLSv1.2" }, {});
  const whole = flatten(wire, () => 1 << 20);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 9 }), (widths) => {
      let turn = 0;
      assert.deepEqual(
        flatten(wire, () => widths[turn++ % widths.length] ?? 1),
        whole,
      );
    }),
    { numRuns: 40 },
  );
});

test("no octets make it throw, and what is kept stays bounded", async () => {
  const wire = await recordNodeHandshake({ cert: ec.cert, key: ec.key, maxVersion: "TLSv1.2" }, {});
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.nat(4000), octet: fc.nat(255) }), { maxLength: 12 }),
      fc.uint8Array({ maxLength: 64 }),
      (changes, tail) => {
        let state = tlsDissection();
        for (const { sender, octets } of [...wire, { sender: "server", octets: tail } as const]) {
          const broken = Uint8Array.from(octets);
          for (const { at, octet } of changes) if (broken.length > 0) broken[at % broken.length] = octet;
          state = dissect(state, sender, broken).dissection;
        }
        for (const sender of ["client", "server"] as const) {
          assert.ok(state[sender].records.pending.length <= 18_437);
          assert.ok(state[sender].handshake.pending.length <= limits.handshakeMessageBytes.value + 18_432);
          assert.ok([undefined, "not-tls", "too-long"].includes(dissectionFailure(state, sender)));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("whoever holds the keys can open records: the opener is asked once for each encrypted record", async () => {
  const wire = await recordNodeHandshake({ cert: ec.cert, key: ec.key }, {});
  let state = tlsDissection();
  const asked: TlsSender[] = [];
  const opened: RecordContent[] = [];
  for (const { sender, octets } of wire) {
    const next = dissect(state, sender, octets, (of, record) => {
      asked.push(of);
      return { type: 23, content: record.fragment, contentAt: 0 };
    });
    state = next.dissection;
    opened.push(...next.records.map(({ content }) => content).filter(({ kind }) => kind === "encrypted"));
  }
  assert.ok(asked.includes("client") && asked.includes("server"));
  assert.equal(opened.length, asked.length);
  assert.ok(opened.every((content) => content.kind === "encrypted" && content.opened?.kind === "application"));
});

function dissectAll(wire: readonly WireRead[], wanted: TlsSender): DissectedRecord[] {
  let state = tlsDissection();
  const records: DissectedRecord[] = [];
  for (const { sender, octets } of wire) {
    const next = dissect(state, sender, octets);
    state = next.dissection;
    if (sender === wanted) records.push(...next.records);
  }
  return records;
}

/** Contents of each direction when every read is cut to the widths that `width` gives. */
function flatten(wire: readonly WireRead[], width: () => number): Record<TlsSender, DissectedRecord[]> {
  let state = tlsDissection();
  const records: Record<TlsSender, DissectedRecord[]> = { client: [], server: [] };
  for (const { sender, octets } of wire) {
    for (let at = 0; at < octets.length;) {
      const end = at + width();
      const next = dissect(state, sender, octets.subarray(at, end));
      state = next.dissection;
      records[sender].push(...next.records);
      at = end;
    }
  }
  return records;
}

function kinds(records: readonly DissectedRecord[]): string[] {
  return records.map(({ content }) => content.kind);
}

function messages(records: readonly DissectedRecord[]): DissectedMessage[] {
  return records.flatMap(({ content }) => (content.kind === "handshake" ? content.messages : []));
}

function messageOf<K extends DissectedMessage["kind"]>(
  records: readonly DissectedRecord[],
  kind: K,
): Extract<DissectedMessage, { kind: K }> {
  const found = messages(records).find((message) => message.kind === kind);
  assert.ok(found, `no ${kind}`);
  return found as Extract<DissectedMessage, { kind: K }>;
}

function unfinished(content: RecordContent | undefined): boolean | undefined {
  return content?.kind === "handshake" ? content.unfinished : undefined;
}
