import { connect, type ClientOptions, type ConnectDecision } from "@sallyport/client";
import { makeTestIdentity, startTestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as dial, createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { assertSame, bytesOf } from "../every-operation.ts";
import { realServers, tlsModes } from "../real-servers.ts";
import { startScriptedServer } from "../scripted-server.ts";

/** What an observer of the control connection to a port sees of the client's octets. */
async function observed(port: number): Promise<{ readonly port: number; seen(): string } & AsyncDisposable> {
  const seen: Buffer[] = [];
  const proxy = createServer((near) => {
    const far = dial(port, "127.0.0.1");
    near.on("data", (octets: Buffer) => seen.push(octets));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    seen: () => Buffer.concat(seen).toString("latin1"),
    [Symbol.asyncDispose]: async () => void proxy.close(),
  };
}

const content = randomBytes(300_000);

for (const { security, maxVersion } of tlsModes.filter((mode) => mode.security === "explicit")) {
  test(`R-4217-32 S-23 CCC, where it is wished for, shows commands and hides passwords and files: ${security} ${maxVersion}`, async () => {
    await using server = await startTestServer({ capabilities: ["ccc"], listener: { requireTls: "none" } });
    await using observer = await observed(security === "implicit" ? server.implicitPort : server.explicitPort);
    const decisions: ConnectDecision[] = [];
    const options: ClientOptions = {
      security,
      clearControl: true,
      tls: { ca: server.identity.ca, maxVersion, resumption: "require" },
      onDecision: (decision) => decisions.push(decision),
    };
    await using client = await connect(`alice:secret@localhost:${observer.port}`, options);
    assert.deepEqual(decisions[0], { kind: "clear-control", accepted: true });
    await client.write("seen.bin", content);
    assertSame(await bytesOf(await client.read("seen.bin")), content);
    assert.equal((await Array.fromAsync(client.list())).length, 1);
    await client.remove("seen.bin");
    const seen = observer.seen();
    assert.match(seen, /RETR seen\.bin\r\n/);
    assert.ok(!/alice|secret|PASS/.test(seen), "login is hidden");
    assert.equal(decisions.filter(({ kind }) => kind === "clear-control").length, 1);
  });
}

test("CCC is not asked for unasked, and where it is refused the control connection stays protected", async () => {
  await using server = await startTestServer();
  for (const clearControl of [false, true]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await using observer = await observed(server.explicitPort);
    const said: string[] = [];
    const decisions: ConnectDecision[] = [];
    // oxlint-disable-next-line no-await-in-loop
    await using client = await connect(`alice:secret@localhost:${observer.port}`, {
      clearControl,
      tls: { ca: server.identity.ca },
      onTranscript: ({ text }) => said.push(text),
      onDecision: (decision) => decisions.push(decision),
    });
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(await client.exists("nothing"), false);
    assert.equal(said.includes("CCC"), clearControl);
    assert.ok(!/MLST nothing/.test(observer.seen()));
    const told = decisions.filter(({ kind }) => kind === "clear-control");
    assert.deepEqual(told, clearControl ? [{ kind: "clear-control", accepted: false }] : []);
  }
});

test("S-23 a server that takes CCC and never leaves TLS is left", async () => {
  const identity = makeTestIdentity({ names: ["127.0.0.1"] });
  await using server = await startScriptedServer(
    { CCC: () => "200 soon" },
    { tls: { cert: identity.certificate, key: identity.key } },
  );
  const url = `alice:secret@127.0.0.1:${server.port}`;
  const options: ClientOptions = { security: "explicit", clearControl: true, tls: { ca: identity.ca } };
  await assert.rejects(connect(url, { ...options, timeouts: { command: 500 } }));
  assert.ok(!server.heardInClear.some((line) => !line.startsWith("AUTH")), server.heardInClear.join());
});

const proftpd = realServers.find(({ name }) => name === "ProFTPD");
test("ProFTPD goes on in clear, and its data resumes all the same", { skip: proftpd?.skip ?? true }, async () => {
  await using server = await proftpd?.start();
  const decisions: ConnectDecision[] = [];
  await using client = await server?.connect("explicit", {
    clearControl: true,
    tls: { resumption: "require" },
    onDecision: (decision) => decisions.push(decision),
  });
  assert.deepEqual(decisions[0], { kind: "clear-control", accepted: true });
  assert.ok(client !== undefined);
  const { resumed } = await client.write("file", content);
  assert.equal(resumed, true);
  assertSame(await bytesOf(await client.read("file")), content);
});
