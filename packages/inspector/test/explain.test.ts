import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as net from "node:net";
import { describe, test } from "node:test";
import { conclude, explain, type Conclusion, type ExplainEvent, type ExplainOptions } from "@sallyport/inspector";
import { limits } from "@sallyport/protocol";
import { makeTestIdentity, startScriptedPeer, type ScriptedPeer } from "@sallyport/testing";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });
const tls = { key: identity.key, cert: identity.certificate };
const patienceMs = 15_000;
/** Short, because it is waited out; long enough for what must succeed before the silence. */
const stallMs = 4000;

test("both modes are shown to their end, and what they cost", async () => {
  await using peer = await startScriptedPeer({ tls: { ...tls, ALPNProtocols: ["ftp"] } });
  const { conclusion, events } = await ask(peer);
  const { explicit, implicit, verdict } = conclusion;
  assert.equal(verdict, "sound");
  assert.deepEqual(explicit.clearLines, ["220 ready", "AUTH TLS", "234 proceed"]);
  assert.equal(explicit.clearFtpOctets, 34);
  assert.equal(explicit.roundTrips, 4);
  assert.equal(implicit.clearFtpOctets, 0);
  assert.equal(implicit.roundTrips, 3);
  assert.deepEqual(implicit.clearLines, []);
  for (const summary of [explicit, implicit]) {
    assert.equal(summary.clientHello?.serverName, "localhost");
    assert.deepEqual(summary.clientHello?.alpn, ["ftp"]);
    assert.equal(summary.group, "X25519MLKEM768");
    assert.equal(summary.verification?.verdict, "verified");
    assert.ok(events.some((event) => event.kind === "secured" && event.alpn === "ftp" && event.mode === summary.mode));
  }
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`${version}: every encrypted record is opened with the keys of our end, and FTP inside it read in its order`, async () => {
    await using peer = await startScriptedPeer({ tls: { ...tls, maxVersion: version } });
    const { events } = await ask(peer);
    const sealed = events.filter((event) => event.kind === "encrypted");
    assert.ok(sealed.length > 8 && sealed.every(({ opened }) => opened && opened.kind !== "unreadable"));
    const names = sealed
      .flatMap(({ opened }) => (opened?.kind === "handshake" ? opened.messages : []))
      .map(({ name }) => name);
    assert.equal(names.includes("Certificate"), version === "TLSv1.3", "in TLS 1.2 it is not sealed");
    assert.equal(names.filter((name) => name === "Finished").length, 4);
    for (const mode of ["explicit", "implicit"] as const) {
      const told = events.filter((event) => event.mode === mode && !event.clear);
      const quit = told.findIndex((event) => event.kind === "command" && event.line === "QUIT");
      assert.equal(told[quit - 1]?.kind, "encrypted", "the line stands behind its record");
    }
  });
}

test("with their octets, events tell what crossed the wire without a gap, and what was inside", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { events } = await ask(peer, { octets: true });
  for (const event of events) if (event.length > 0) assert.equal(event.octets?.length, 2 * event.length, event.kind);
  // Of the mode that is greeted inside: the other may be done with its QUIT before.
  const inside = events.find((event) => event.mode === "implicit" && event.kind === "reply" && !event.clear);
  assert.equal(Buffer.from(inside?.octets ?? "", "hex").toString(), "220 ready\r\n");
  const plain = await ask(peer);
  assert.ok(plain.events.every((event) => event.octets === undefined));
});

test("R-4217-08 no USER and no password is sent, only AUTH TLS and QUIT", async () => {
  await using peer = await startScriptedPeer({ tls });
  await ask(peer);
  assert.deepEqual(peer.heard.toSorted(), ["AUTH TLS", "QUIT", "QUIT"]);
});

test("events come in the order of time, with the octets of each direction counted without a gap", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { events } = await ask(peer);
  assert.deepEqual(
    events.map(({ atMs }) => atMs),
    events.map(({ atMs }) => atMs).toSorted((one, other) => one - other),
  );
  for (const mode of ["explicit", "implicit"] as const) {
    for (const direction of ["to-server", "to-client"] as const) {
      let next = 0;
      for (const event of events) {
        const isInside = event.layer === "ftp" && !event.clear;
        if (event.mode !== mode || event.direction !== direction || event.length === 0 || isInside) continue;
        assert.equal(event.offset, next, `${mode} ${direction} ${event.kind}`);
        next = event.offset + event.length;
      }
      assert.ok(next > 100);
    }
  }
});

test("an address sends no server name (RFC 6066 §3)", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { conclusion } = await ask(peer, {}, "127.0.0.1");
  assert.equal(conclusion.implicit.clientHello?.serverName, undefined);
  assert.equal(conclusion.implicit.verification?.verdict, "verified");
});

test("TLS 1.2: the certificate is readable, and explicit mode costs five round trips", async () => {
  await using peer = await startScriptedPeer({ tls: { ...tls, maxVersion: "TLSv1.2" } });
  const { explicit, implicit } = (await ask(peer)).conclusion;
  assert.equal(explicit.serverHello?.version, "TLS 1.2");
  assert.ok(explicit.certificateReadable && implicit.certificateReadable);
  assert.deepEqual([explicit.roundTrips, implicit.roundTrips], [5, 3]);
});

test("a HelloRetryRequest is shown and counted", async () => {
  await using peer = await startScriptedPeer({ tls: { ...tls, ecdhCurve: "P-384" } });
  const { explicit, implicit } = (await ask(peer)).conclusion;
  assert.ok(explicit.retryRequested && implicit.retryRequested);
  assert.equal(explicit.group, "P-384");
  assert.deepEqual([explicit.roundTrips, implicit.roundTrips], [5, 4]);
});

test("an unknown authority is told, and the rest is shown all the same", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { ca: _ca, ...trust } = options(peer);
  const { conclusion } = await askWith("localhost", trust);
  for (const summary of [conclusion.explicit, conclusion.implicit]) {
    assert.equal(summary.verification?.verdict, "failed");
    assert.equal(summary.verification.reason, "SELF_SIGNED_CERT_IN_CHAIN");
    assert.equal(summary.reached, "tls");
  }
  assert.equal(conclusion.verdict, "flawed");
  assert.match(conclusion.advice, /--ca FILE/);
});

test("an authority given beside the system's is trusted", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { ca, ...rest } = options(peer);
  const { conclusion } = await askWith("localhost", { ...rest, extraCa: ca ?? "" });
  assert.equal(conclusion.verdict, "sound");
});

test("R-TLS-10 a certificate for other names and an expired one are not verified", async () => {
  const other = makeTestIdentity({ names: ["elsewhere.example.test"] });
  const expired = makeTestIdentity({ names: ["localhost"], validFromDays: -9, validForDays: -2 });
  for (const [wrong, reason] of [
    [other, "ERR_TLS_CERT_ALTNAME_INVALID"],
    [expired, "CERT_HAS_EXPIRED"],
  ] as const) {
    await using peer = await startScriptedPeer({ tls: { key: wrong.key, cert: wrong.certificate } });
    const { implicit } = (await askWith("localhost", { ...options(peer), ca: wrong.ca })).conclusion;
    assert.equal(implicit.verification?.reason, reason);
  }
});

test("insecure leaves the check out and says so", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { conclusion } = await askWith("localhost", { ...options(peer), ca: "", insecure: true });
  assert.equal(conclusion.implicit.verification?.verdict, "not-asked");
  assert.equal(conclusion.verdict, "sound");
});

for (const code of [431, 500, 502, 504, 530, 534]) {
  test(`AUTH refused with ${code} is told, and nothing but QUIT follows in clear`, async () => {
    await using peer = await startScriptedPeer({ tls, authReply: `${code}-no\r\n${code} not here\r\n` });
    const { explicit, implicit } = (await ask(peer)).conclusion;
    assert.deepEqual(explicit.problem, { id: "auth-refused", code, line: `${code} not here` });
    assert.equal(explicit.roundTrips, undefined);
    assert.equal(implicit.problem, undefined);
    assert.deepEqual(
      explicit.clearLines.filter((line) => /^[A-Z]/.test(line)),
      ["AUTH TLS", "QUIT"],
    );
  });
}

test("R-IMP-02 clear text on the implicit port is told", async () => {
  await using peer = await startScriptedPeer({ tls, clearOnImplicit: "220 plain\r\n" });
  const { conclusion } = await ask(peer);
  assert.deepEqual(conclusion.implicit.problem, { id: "clear-on-implicit", line: "220 plain" });
  assert.match(conclusion.advice, new RegExp(`--explicit-port ${peer.implicitPort}`));
  assert.equal(conclusion.explicit.problem, undefined);
});

test("S-01 clear text behind the 234 is told, and no handshake follows", async () => {
  await using peer = await startScriptedPeer({ tls, authReply: "234 ok\r\n230 you are in\r\n" });
  const { explicit } = (await ask(peer)).conclusion;
  assert.deepEqual(explicit.problem, { id: "clear-after-auth", line: "230 you are in" });
  assert.equal(explicit.clientHello, undefined);
});

test("a greeting that refuses, and one that is not FTP", async () => {
  await using busy = await startScriptedPeer({ tls, greeting: "421 too many\r\n" });
  const refused = (await ask(busy)).conclusion;
  assert.deepEqual(refused.explicit.problem, { id: "greeting-refused", code: 421, line: "421 too many", inTls: false });
  assert.deepEqual(refused.implicit.problem, { id: "greeting-refused", code: 421, line: "421 too many", inTls: true });
  await using ssh = await startScriptedPeer({ tls, greeting: "SSH-2.0-OpenSSH_9\r\n" });
  assert.deepEqual((await ask(ssh)).conclusion.explicit.problem, { id: "not-ftp", line: "SSH-2.0-OpenSSH_9" });
});

test("a greeting of mail is not FTP, in either mode", async () => {
  const greeting = "220 mx.example.test ESMTP Postfix";
  await using mail = await startScriptedPeer({ tls, greeting: `${greeting}\r\n`, authReply: "503 EHLO first\r\n" });
  const { conclusion } = await ask(mail);
  for (const mode of ["explicit", "implicit"] as const) {
    assert.deepEqual(conclusion[mode].problem, { id: "not-ftp", line: greeting });
  }
});

test("of a long line the beginning is shown, and how much more there was", async () => {
  await using peer = await startScriptedPeer({ tls, greeting: `220 ${"é".repeat(1000)}\r\n` });
  const { conclusion, events } = await ask(peer);
  const shown = `220 ${"é".repeat(254)} [1492 octets more]`;
  assert.equal(conclusion.explicit.clearLines[0], shown);
  const greeting = events.find((event) => event.kind === "reply");
  assert.equal(greeting?.length, 2006);
});

test("a preliminary greeting is waited out", async () => {
  await using peer = await startScriptedPeer({ tls, greeting: "120 in a moment\r\n220 now\r\n" });
  const { conclusion } = await ask(peer);
  assert.equal(conclusion.verdict, "sound");
  assert.equal(conclusion.implicit.greeting, "120 in a moment");
});

describe("a server that falls silent is told", { concurrency: true }, () => {
  for (const [stallAt, mode, awaited] of [
    ["greeting", "explicit", "greeting"],
    ["auth", "explicit", "auth-reply"],
    ["handshake", "explicit", "handshake"],
    ["handshake", "implicit", "handshake"],
    ["inner-greeting", "implicit", "greeting-in-tls"],
  ] as const) {
    test(`before the ${awaited} of ${mode} mode`, async () => {
      await using peer = await startScriptedPeer({ tls, stallAt });
      const { conclusion } = await ask(peer, { timeoutMs: stallMs });
      assert.deepEqual(conclusion[mode].problem, { id: "silent", awaited, timeoutMs: stallMs });
      assert.equal(conclusion[mode].retried, awaited === "handshake");
    });
  }
});

test("whatever a server sends is told as a problem, never thrown", async () => {
  for (let round = 0; round < 12; round++) {
    const noise = randomBytes(1 + 40 * round);
    await using server = await startNoise((socket) => socket.end(noise));
    const { conclusion } = await askWith("127.0.0.1", { ports: server.ports, timeoutMs: patienceMs });
    for (const { problem, mode } of [conclusion.explicit, conclusion.implicit])
      assert.ok(problem, `${mode} ${noise.toString("hex")}`);
    assert.notEqual(conclusion.verdict, "sound");
  }
});

test("a server that talks without end is left after limits.explainedBytes", async () => {
  const line = Buffer.from("220-and another thing\r\n".repeat(1000));
  await using server = await startNoise((socket) => {
    const talk = () => {
      while (socket.writable && socket.write(line));
    };
    socket.on("drain", talk);
    talk();
  });
  const { conclusion } = await askWith("127.0.0.1", { ports: server.ports, timeoutMs: patienceMs });
  assert.deepEqual(conclusion.explicit.problem, { id: "too-much", octets: limits.explainedBytes.value });
  assert.ok(conclusion.explicit.clearFtpOctets <= limits.explainedBytes.value);
  assert.equal(conclusion.implicit.problem?.id, "clear-on-implicit");
});

test("a server that chokes on a large ClientHello is asked again with a small one", async () => {
  await using peer = await startScriptedPeer({ tls, helloBytesMax: 600 });
  const { conclusion, events } = await ask(peer);
  for (const summary of [conclusion.explicit, conclusion.implicit]) {
    assert.ok(summary.retried);
    assert.equal(summary.problem, undefined);
    assert.equal(summary.group, "X25519");
  }
  const hellos = events.filter(
    (event) => event.kind === "messages" && event.direction === "to-server" && event.mode === "implicit",
  );
  assert.deepEqual(
    hellos.map(({ length }) => length > 1460),
    [true, false],
  );
  assert.match(conclusion.advice, /large ClientHello/);
});

test("an alert of the server is named", async () => {
  await using peer = await startScriptedPeer({ tls: { ...tls, ALPNProtocols: ["http/1.1"] } });
  const { implicit } = (await ask(peer)).conclusion;
  assert.deepEqual(implicit.problem, { id: "handshake-alert", alert: "no_application_protocol" });
  assert.equal(implicit.retried, false, "the server judged the hello, it did not choke on it");
});

test("ports where nothing listens, and a name that does not exist", async () => {
  const ports = { explicit: await closedPort(), implicit: await closedPort() };
  const refused = await askWith("127.0.0.1", { ports, timeoutMs: patienceMs });
  assert.deepEqual(refused.conclusion.explicit.problem, { id: "refused" });
  assert.equal(refused.conclusion.verdict, "unreachable");
  const unknown = await askWith("no-such-host.invalid", { ports, timeoutMs: patienceMs });
  assert.deepEqual(unknown.conclusion.implicit.problem, { id: "name-unknown" });
});

test("aborting rejects with the reason of the signal, and closes both connections", async () => {
  await using peer = await startScriptedPeer({ tls, stallAt: "handshake" });
  const reason = new Error("enough");
  const aborter = new AbortController();
  const seen: ExplainEvent[] = [];
  await assert.rejects(async () => {
    for await (const event of explain("127.0.0.1", { ...options(peer), signal: aborter.signal })) {
      seen.push(event);
      if (event.kind === "messages") aborter.abort(reason);
    }
  }, reason);
  assert.ok(seen.length > 0);
  await peer.idle();
});

test("leaving the iteration early closes both connections", async () => {
  await using peer = await startScriptedPeer({ tls, stallAt: "handshake" });
  for await (const event of explain("127.0.0.1", options(peer))) if (event.kind === "messages") break;
  await peer.idle();
});

test("an explanation survives JSON: the conclusion is the same", async () => {
  await using peer = await startScriptedPeer({ tls });
  const { conclusion, events } = await ask(peer);
  const copy = events.map((event) => JSON.parse(JSON.stringify(event)) as ExplainEvent);
  const { host, ports } = conclusion;
  assert.equal(JSON.stringify(conclude(copy, { host, ports })), JSON.stringify(conclusion));
});

function options(peer: ScriptedPeer): ExplainOptions {
  const ports = { explicit: peer.explicitPort, implicit: peer.implicitPort };
  return { ports, ca: identity.ca, timeoutMs: patienceMs };
}

interface Answer {
  readonly events: readonly ExplainEvent[];
  readonly conclusion: Conclusion;
}

function ask(peer: ScriptedPeer, changes: ExplainOptions = {}, host = "localhost"): Promise<Answer> {
  return askWith(host, { ...options(peer), ...changes });
}

async function askWith(host: string, asked: ExplainOptions): Promise<Answer> {
  const events: ExplainEvent[] = [];
  for await (const event of explain(host, asked)) events.push(event);
  return { events, conclusion: conclude(events, { host, ports: { explicit: 21, implicit: 990, ...asked.ports } }) };
}

interface Noise extends AsyncDisposable {
  readonly ports: { readonly explicit: number; readonly implicit: number };
}

/** A server that is none: the same port for both modes. */
async function startNoise(serve: (socket: net.Socket) => void): Promise<Noise> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address !== "string");
  return {
    ports: { explicit: address.port, implicit: address.port },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(address !== null && typeof address !== "string");
  return address.port;
}
