import { connect, type ClientOptions, type ConnectDecision } from "@sallyport/client";
import { startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial, createServer, type AddressInfo } from "node:net";
import test from "node:test";
import { type RememberedHost, rememberSecurity } from "../../src/trust/host-memory.ts";
import type { HostMemoryStore } from "../../src/trust/host-memory-file.ts";
import { startScriptedServer } from "../scripted-server.ts";

function memoryOf(known: Record<string, RememberedHost> = {}): HostMemoryStore & { readonly known: typeof known } {
  return {
    known,
    find: async (server) => known[server],
    remember: async (server, observation, nowMs) => {
      const changed = rememberSecurity(known[server], observation, nowMs);
      if (changed !== undefined) known[server] = changed;
    },
    forget: async (server) => delete known[server],
  };
}

test("R-CLI-01 a port that speaks TLS from its first octet is found out, and remembered", async () => {
  await using server = await startTestServer();
  const hosts = memoryOf();
  const decisions: ConnectDecision[] = [];
  const options: ClientOptions = {
    hosts,
    tls: { ca: server.identity.ca },
    onDecision: (decision) => decisions.push(decision),
  };
  const url = `ftp://alice:secret@localhost:${server.implicitPort}`;
  {
    await using client = await connect(url, options);
    assert.deepEqual(client.server, { host: "localhost", port: server.implicitPort, security: "implicit" });
  }
  assert.deepEqual(decisions, [{ kind: "security", security: "implicit", port: server.implicitPort }]);
  const startedAtMs = performance.now();
  await using again = await connect(url, options);
  assert.equal(again.server?.security, "implicit");
  assert.ok(performance.now() - startedAtMs < 1_500, "what is remembered is tried at once");
});

test("a port that wants TLS from the first octet is named after two seconds to whoever asked for explicit TLS or none", async () => {
  await using server = await startTestServer();
  const url = `ftp://alice:secret@localhost:${server.implicitPort}`;
  const startedAtMs = performance.now();
  await Promise.all(
    (["explicit", "plain"] as const).map((security) =>
      assert.rejects(connect(url, { security }), { code: "SALLYPORT_IMPLICIT_PORT" }),
    ),
  );
  assert.ok(performance.now() - startedAtMs < 8_000, "the server's own patience is ten seconds");
});

test("a server that greets late, or hangs up without a word, is not mistaken for one that wants TLS at once", async () => {
  await using server = await startScriptedServer();
  const late = createServer((socket) => {
    const timer = setTimeout(() => socket.pipe(dial(server.port, "127.0.0.1")).pipe(socket), 2_500);
    // Whoever asks for TLS meanwhile is given up when the greeting comes.
    socket.once("data", () => clearTimeout(timer));
  });
  const mute = createServer((socket) => socket.end());
  await Promise.all([late, mute].map((one) => once(one.listen(0, "127.0.0.1"), "listening")));
  const [latePort, mutePort] = [late, mute].map((one) => (one.address() as AddressInfo).port);
  await Promise.all([
    connect(`ftp://alice:secret@127.0.0.1:${latePort}`, { security: "plain" }).then((client) => client.close()),
    assert.rejects(
      connect(`ftp://alice:secret@127.0.0.1:${mutePort}`, { security: "explicit" }),
      /connection was lost/,
    ),
  ]);
  late.close();
  mute.close();
});

test("S-03 TLS that vanished is an alarm, and neither name nor password is sent", async () => {
  await using server = await startScriptedServer({ AUTH: () => "502 no" });
  const url = `ftp://alice:secret@127.0.0.1:${server.port}`;
  const message = "The server offers no TLS, and without it nothing is sent";
  await assert.rejects(connect(url), { code: "SALLYPORT_TLS_UNAVAILABLE", message });
  const hosts = memoryOf({ [`127.0.0.1:${server.port}`]: { explicitMs: Date.now() - 86_400_000 } });
  await assert.rejects(connect(url, { hosts }), { code: "SALLYPORT_TLS_DOWNGRADE" });
  assert.deepEqual([...new Set(server.heard)], ["AUTH TLS", "AUTH SSL", "QUIT"]);
});

test("plain FTP with a server that once offered TLS is spoken, and warned of", async () => {
  await using server = await startScriptedServer();
  const hosts = memoryOf({ [`127.0.0.1:${server.port}`]: { explicitMs: Date.now() } });
  const kinds: string[] = [];
  await using client = await connect(`ftp://alice:secret@127.0.0.1:${server.port}`, {
    hosts,
    security: "plain",
    onDecision: ({ kind }) => kinds.push(kind),
  });
  assert.equal(client.tls, undefined);
  assert.deepEqual(kinds, ["plain-though-tls", "security"]);
});

test("a server that chokes on a large ClientHello is greeted with a small one, once and for all", async () => {
  await using server = await startTestServer();
  let closedCount = 0;
  const narrow = createServer((socket) => {
    socket.once("data", (hello) => {
      if (hello.length > 1_000) {
        closedCount++;
        return void socket.destroy();
      }
      const onward = dial(server.implicitPort, "127.0.0.1");
      onward.write(hello);
      socket.pipe(onward).pipe(socket);
      onward.on("error", () => socket.destroy());
    });
    socket.on("error", () => {});
  }).listen(0, "127.0.0.1");
  await once(narrow, "listening");
  const { port } = narrow.address() as AddressInfo;
  const kinds: string[] = [];
  {
    await using client = await connect(`ftps://alice:secret@localhost:${port}`, {
      tls: { ca: server.identity.ca },
      onDecision: ({ kind }) => kinds.push(kind),
    });
    await Promise.all([client.raw("NOOP"), client.raw("NOOP")]);
  }
  narrow.close();
  assert.equal(closedCount, 1);
  assert.deepEqual(kinds, ["small-hello", "security"]);
});

test("several control connections at once share what the first one found out", async () => {
  await using server = await startTestServer();
  await using client = await connect(`alice:secret@localhost:${server.explicitPort}`, {
    tls: { ca: server.identity.ca },
  });
  await Promise.all([1, 2, 3].map((at) => client.write(`file-${at}`, "x")));
  const names = (await Array.fromAsync(client.list())).map(({ name }) => name);
  assert.deepEqual(names.toSorted(), ["file-1", "file-2", "file-3"]);
});
