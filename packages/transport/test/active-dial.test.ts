import { freePort } from "@sallyport/testing";
import { isSallyportError } from "@sallyport/protocol";
import { type ActiveEndpointRules, dialActive, judgeActiveEndpoint } from "@sallyport/transport";
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import test from "node:test";

const hasCode = (code: string) => (error: unknown) => isSallyportError(error) && error.code === code;

const peer = "203.0.113.5";
const everyone = () => true;
const endpoints: readonly [address: string, port: number, verdict: string, rules?: ActiveEndpointRules][] = [
  [peer, 1024, "allowed"],
  [peer, 65_535, "allowed"],
  ["::ffff:203.0.113.5", 5000, "allowed"],
  ["::FFFF:cb00:7105", 5000, "allowed"],
  [peer, 5000, "allowed", { controlPeerAddress: "::ffff:203.0.113.5" }],
  ["2001:DB8:0::1", 5000, "allowed", { controlPeerAddress: "2001:db8::1" }],
  ["fe80::1", 5000, "allowed", { controlPeerAddress: "fe80::1%eth0" }],
  [peer, 0, "not-an-address"],
  [peer, 65_536, "not-an-address"],
  [peer, 5000.5, "not-an-address"],
  [peer, Number.NaN, "not-an-address"],
  [peer, 1, "low-port"],
  [peer, 22, "low-port"],
  [peer, 1023, "low-port"],
  ["203.0.113.6", 5000, "third-party"],
  ["127.0.0.1", 5000, "third-party"],
  ["10.0.0.1", 5000, "third-party"],
  ["::1", 5000, "third-party"],
  ["::ffff:127.0.0.1", 5000, "third-party"],
  ["0.0.0.0", 5000, "third-party"],
  // The forms in which inet_aton hides an address.
  ["127.1", 5000, "not-an-address"],
  ["0177.0.0.1", 5000, "not-an-address"],
  ["203.0.113.05", 5000, "not-an-address"],
  ["0x7f.0.0.1", 5000, "not-an-address"],
  ["2130706433", 5000, "not-an-address"],
  ["203.0.113.5 ", 5000, "not-an-address"],
  ["localhost", 5000, "not-an-address"],
  ["", 5000, "not-an-address"],
  // Transfers between servers.
  ["198.51.100.1", 5000, "allowed", { controlPeerAddress: peer, admits: (address) => address === "198.51.100.1" }],
  ["198.51.100.2", 5000, "third-party", { controlPeerAddress: peer, admits: (address) => address === "198.51.100.1" }],
  ["198.51.100.1", 1000, "low-port", { controlPeerAddress: peer, admits: everyone }],
  ["10.0.0.1", 5000, "allowed", { controlPeerAddress: peer, admits: everyone }],
  ["127.0.0.1", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["::1", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["0.0.0.0", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["::", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["169.254.169.254", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["224.0.0.1", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["255.255.255.255", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["ff02::1", 5000, "not-a-host", { controlPeerAddress: peer, admits: everyone }],
  ["127.0.0.2", 5000, "allowed", { controlPeerAddress: "127.0.0.1", admits: everyone }],
  ["0.0.0.0", 5000, "not-a-host", { controlPeerAddress: "127.0.0.1", admits: everyone }],
];

for (const [address, port, verdict, rules = { controlPeerAddress: peer }] of endpoints) {
  test(`S-06 ${verdict}: ${address}:${port} for ${rules.controlPeerAddress}${rules.admits ? " with FXP" : ""}`, () => {
    assert.equal(judgeActiveEndpoint({ address, port }, rules), verdict);
  });
}

async function listen(t: test.TestContext): Promise<{ port: number; accepted: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true });
  t.after(() => server.close());
  const accepted = once(server, "connection").then(([socket]: Socket[]) => {
    assert.ok(socket);
    t.after(() => socket.destroy());
    return socket;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, accepted };
}

test("R-1123-18 the data connection comes from the control connection's local address", async (t) => {
  const { port, accepted } = await listen(t);
  const endpoint = { address: "127.0.0.1", port };
  const socket = await dialActive(endpoint, { localAddress: "::ffff:127.0.0.3", timeoutMs: 1000 });
  assert.equal((await accepted).remoteAddress, "127.0.0.3");
  assert.equal(socket.isPaused(), true);
  assert.equal(socket.allowHalfOpen, true);
  socket.destroy();
});

test("R-959-71 the local port is the one asked for, again and again", async (t) => {
  const localPort = await freePort();
  for (let round = 0; round < 3; round++) {
    const { port, accepted } = await listen(t);
    const endpoint = { address: "127.0.0.1", port };
    const socket = await dialActive(endpoint, { localAddress: "127.0.0.1", localPort, timeoutMs: 1000 });
    assert.equal((await accepted).remotePort, localPort);
    socket.destroy();
  }
});

test("R-959-71 a local port that is taken gives way to one of the kernel's", async (t) => {
  const { port: localPort } = await listen(t);
  const { port, accepted } = await listen(t);
  const endpoint = { address: "127.0.0.1", port };
  const socket = await dialActive(endpoint, { localAddress: "127.0.0.1", localPort, timeoutMs: 1000 });
  assert.notEqual((await accepted).remotePort, localPort);
  socket.destroy();
});

test("R-959-40 refusal, timeout and abort are typed", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, "close");
  const dial = (address: string, signal?: AbortSignal) =>
    dialActive({ address, port }, { localAddress: "127.0.0.1", timeoutMs: 50, ...(signal && { signal }) });
  await assert.rejects(dial("127.0.0.1"), hasCode("SALLYPORT_DATA_CONNECT_FAILED"));
  await assert.rejects(dial("127.0.0.1", AbortSignal.abort("enough")), (reason) => reason === "enough");
});

test("R-959-40 a connection that is not up in time is given up", async (t) => {
  const { port } = await listen(t);
  const dialling = dialActive({ address: "127.0.0.1", port }, { localAddress: "127.0.0.1", timeoutMs: 1 });
  // The loop is held past the timeout, so that the connection cannot come up first.
  for (const until = performance.now() + 10; performance.now() < until;);
  await assert.rejects(dialling, hasCode("SALLYPORT_DATA_CONNECT_TIMEOUT"));
});
