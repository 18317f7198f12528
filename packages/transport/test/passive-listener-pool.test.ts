import { isSallyportError, limitValues, TransportError, UsageError } from "@sallyport/protocol";
import { PassiveListenerPool, type PassiveReservation } from "@sallyport/transport";
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const here = { localAddress: "127.0.0.1", peerAddress: "127.0.0.1" };
const limits = (overrides: Parameters<typeof limitValues>[0]) => ({ limits: limitValues(overrides) });

const dialled: Socket[] = [];
test.afterEach(() => {
  for (const socket of dialled.splice(0)) socket.destroy();
});

/** Connects from an address and says when the connection is up. */
async function dial(port: number, localAddress = "127.0.0.1", host = "127.0.0.1"): Promise<Socket> {
  const socket = connect({ host, port, localAddress });
  dialled.push(socket.on("error", () => {}));
  await once(socket, "connect");
  return socket;
}

/** Whether the other side closes the connection before it sends anything. */
async function isClosedUnheard(socket: Socket): Promise<boolean> {
  let heard = 0;
  socket.on("data", (chunk: Buffer) => (heard += chunk.length));
  if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(2000) });
  return heard === 0;
}

const hasCode = (code: string) => (error: unknown) => isSallyportError(error) && error.code === code;

/** Seven ports in a row that nobody listens on. */
async function freeRange(): Promise<{ first: number; last: number }> {
  for (let first = 42_000; first < 60_000; first += 97) {
    const probes = await Promise.allSettled(
      Array.from({ length: 7 }, async (_, offset) => {
        const server = createServer().listen(first + offset, "127.0.0.1");
        await once(server, "listening");
        server.close();
        await once(server, "close");
      }),
    );
    if (probes.every(({ status }) => status === "fulfilled")) return { first, last: first + 6 };
  }
  throw new Error("no free ports");
}

test("R-DATA-01 the peer's connection is handed over paused, before and after accept()", async () => {
  await using pool = new PassiveListenerPool();
  for (const order of ["connect first", "accept first"]) {
    const reservation = await pool.acquire(here);
    const accepting = order === "accept first" ? reservation.accept() : undefined;
    const client = await dial(reservation.port);
    client.write("hello");
    await sleep(20);
    const socket = await (accepting ?? reservation.accept());
    assert.equal(socket.readableLength, 0, order);
    assert.equal(String((await once(socket.resume(), "data"))[0]), "hello", order);
    client.destroy();
    socket.destroy();
  }
});

test("R-DATA-02 S-07 a foreign address is dropped and the real peer is served", async () => {
  await using pool = new PassiveListenerPool();
  const foreign: string[] = [];
  const reservation = await pool.acquire({ ...here, onForeign: (address) => foreign.push(address) });
  const thief = await dial(reservation.port, "127.0.0.2");
  assert.ok(await isClosedUnheard(thief));
  const accepting = reservation.accept();
  const secondThief = await dial(reservation.port, "127.0.0.3");
  assert.ok(await isClosedUnheard(secondThief));
  const client = await dial(reservation.port);
  const socket = await accepting;
  assert.equal(socket.remotePort, client.localPort);
  assert.deepEqual(foreign, ["127.0.0.2", "127.0.0.3"]);
  client.destroy();
  socket.destroy();
});

test("R-DATA-02 an IPv4-mapped control address is the IPv4 address", async () => {
  await using pool = new PassiveListenerPool();
  const reservation = await pool.acquire({ localAddress: "::ffff:127.0.0.1", peerAddress: "::FFFF:7f00:1" });
  const client = await dial(reservation.port);
  const socket = await reservation.accept();
  assert.equal(socket.localAddress, "127.0.0.1");
  client.destroy();
  socket.destroy();
});

test("R-DATA-02 IPv6 listens on the control connection's address alone", async () => {
  await using pool = new PassiveListenerPool();
  const reservation = await pool.acquire({ localAddress: "::1", peerAddress: "0:0:0:0:0:0:0:1" });
  const client = await dial(reservation.port, "::1", "::1");
  const socket = await reservation.accept();
  client.destroy();
  socket.destroy();
  await assert.rejects(async () => {
    const other = await pool.acquire(here);
    await dial(other.port, "127.0.0.1", "127.0.0.2");
  }, /ECONNREFUSED/);
});

test("R-DATA-02 transfers between servers admit a second address", async () => {
  await using pool = new PassiveListenerPool();
  const reservation = await pool.acquire({ ...here, admits: (address) => address === "127.0.0.2" });
  const client = await dial(reservation.port, "127.0.0.2");
  const socket = await reservation.accept();
  assert.equal(socket.remoteAddress, "127.0.0.2");
  client.destroy();
  socket.destroy();
});

test("S-07 a wildcard or a text that is no address is never listened on", async () => {
  await using pool = new PassiveListenerPool();
  for (const localAddress of ["0.0.0.0", "::", "::ffff:0.0.0.0", "localhost", ""]) {
    await assert.rejects(pool.acquire({ ...here, localAddress }), UsageError, localAddress);
  }
  assert.equal(pool.listenersCount, 0);
});

test("S-25 a client's port for active mode lets its server in and nobody else", async () => {
  await using pool = new PassiveListenerPool();
  const reservation = await pool.acquire({ localAddress: "127.0.0.1", peerAddress: "127.0.0.5" });
  for (const stranger of ["127.0.0.1", "127.0.0.4"])
    assert.ok(await isClosedUnheard(await dial(reservation.port, stranger)));
  const server = await dial(reservation.port, "127.0.0.5");
  assert.equal((await reservation.accept()).remotePort, server.localPort);
});

test("R-DATA-01 one connection is kept, the second is closed", async () => {
  await using pool = new PassiveListenerPool();
  const reservation = await pool.acquire(here);
  const [first, second] = [await dial(reservation.port), await dial(reservation.port)];
  assert.ok(await isClosedUnheard(second));
  const socket = await reservation.accept();
  assert.equal(socket.remotePort, first.localPort);
  await assert.rejects(reservation.accept(), hasCode("SALLYPORT_PASSIVE_RELEASED"));
  first.destroy();
  socket.destroy();
});

test("R-DATA-01 accept() ends by timeout, by release and by its signal", async () => {
  await using pool = new PassiveListenerPool();
  await assert.rejects((await pool.acquire(here)).accept({ timeoutMs: 20 }), hasCode("SALLYPORT_DATA_CONNECT_TIMEOUT"));
  const released = await pool.acquire(here);
  const waiting = released.accept();
  released.release();
  await assert.rejects(waiting, hasCode("SALLYPORT_PASSIVE_RELEASED"));
  const abort = new AbortController();
  const aborted = (await pool.acquire(here)).accept({ signal: abort.signal });
  abort.abort("enough");
  await assert.rejects(aborted, (reason) => reason === "enough");
  await assert.rejects(pool.acquire({ ...here, signal: abort.signal }), (reason) => reason === "enough");
});

test("R-DATA-01 release closes a connection that was kept", async () => {
  await using pool = new PassiveListenerPool();
  const reservation = await pool.acquire(here);
  const client = await dial(reservation.port);
  await sleep(20);
  reservation.release();
  assert.ok(await isClosedUnheard(client));
  await assert.rejects(reservation.accept(), hasCode("SALLYPORT_PASSIVE_RELEASED"));
});

test("S-07 late connections to a released port are closed and never handed to the next login", async () => {
  const { first } = await freeRange();
  // One port that never rests: the hardest case.
  await using pool = new PassiveListenerPool({ ports: { first, last: first }, ...limits({ passiveRestMs: 0 }) });
  for (let round = 0; round < 50; round++) {
    const earlier = await pool.acquire(here);
    const { port } = earlier;
    earlier.release();
    const late = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    // The loop is held until the kernel has put them all into the backlog.
    if (round % 2 === 0) for (const until = performance.now() + 3; performance.now() < until;);
    const reservation = await pool.acquire(here);
    assert.equal(reservation.port, port);
    const client = await dial(port);
    const socket = await reservation.accept();
    assert.equal(socket.remotePort, client.localPort, `round ${round}`);
    for (const ended of [client, socket, ...late]) ended.destroy();
  }
});

test("D-23 exhaustion is a typed failure, and a released port serves again", async () => {
  const ports = await freeRange();
  await using pool = new PassiveListenerPool({ ports });
  const reservations: PassiveReservation[] = [];
  for (let i = 0; i < 7; i++) reservations.push(await pool.acquire(here));
  assert.deepEqual(
    reservations.map(({ port }) => port).toSorted((a, b) => a - b),
    Array.from({ length: 7 }, (_, offset) => ports.first + offset),
  );
  await assert.rejects(pool.acquire(here), hasCode("SALLYPORT_PASSIVE_PORTS_EXHAUSTED"));
  reservations[3]?.release();
  assert.equal((await pool.acquire(here)).port, reservations[3]?.port);
});

test("D-23 the limit on listeners is a limit on all addresses together", async () => {
  await using pool = new PassiveListenerPool(limits({ passiveListenersCount: 2 }));
  const one = await pool.acquire(here);
  (await pool.acquire(here)).release();
  // The idle listener of 127.0.0.1 makes room for one of 127.0.0.2.
  const two = await pool.acquire({ ...here, localAddress: "127.0.0.2" });
  assert.equal(pool.listenersCount, 2);
  await assert.rejects(pool.acquire(here), hasCode("SALLYPORT_PASSIVE_PORTS_EXHAUSTED"));
  one.release();
  two.release();
});

test("R-DATA-01 ports that other programs hold are passed over", async () => {
  const { first, last } = await freeRange();
  const occupant = createServer().listen(first + 1, "127.0.0.1");
  await once(occupant, "listening");
  await using pool = new PassiveListenerPool({ ports: { first, last } });
  const ports = new Set<number>();
  for (let i = 0; i < 6; i++) ports.add((await pool.acquire(here)).port);
  assert.equal(ports.size, 6);
  assert.ok(!ports.has(first + 1));
  await assert.rejects(pool.acquire(here), hasCode("SALLYPORT_PASSIVE_PORTS_EXHAUSTED"));
  occupant.close();
});

test("R-DATA-01 an address that is not ours is a typed failure", async () => {
  await using pool = new PassiveListenerPool();
  const failed = pool.acquire({ localAddress: "203.0.113.9", peerAddress: "127.0.0.1" });
  await assert.rejects(failed, hasCode("SALLYPORT_PASSIVE_LISTEN_FAILED"));
  assert.equal(pool.listenersCount, 0);
});

test("R-DATA-01 the ports of 1000 reservations pass a runs test", async () => {
  await using pool = new PassiveListenerPool();
  const ports: number[] = [];
  for (let i = 0; i < 1000; i++) {
    const reservation = await pool.acquire(here);
    ports.push(reservation.port);
    reservation.release();
  }
  assert.ok(Math.abs(runsScore(ports)) < 4, `z = ${runsScore(ports)}`);
  const counting = ports.toSorted((a, b) => a - b);
  assert.ok(Math.abs(runsScore(counting)) > 4, "the test would notice ports in a row");
});

/** Wald–Wolfowitz: how many standard deviations the number of runs above and below the median is off. */
function runsScore(values: readonly number[]): number {
  const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const sides = values.filter((value) => value !== median).map((value) => value > median);
  const above = sides.filter(Boolean).length;
  const below = sides.length - above;
  const runs = 1 + sides.filter((side, at) => at > 0 && side !== sides[at - 1]).length;
  const mean = (2 * above * below) / sides.length + 1;
  return (runs - mean) / Math.sqrt(((mean - 1) * (mean - 2)) / (sides.length - 1));
}

test("R-DATA-01 10,000 reservations leave no listener and no handle behind", async () => {
  const handlesBefore = process.getActiveResourcesInfo().length;
  {
    await using pool = new PassiveListenerPool();
    for (let i = 0; i < 10_000; i++) (await pool.acquire(here)).release();
    assert.ok(pool.listenersCount <= limitValues().passiveListenersCount, `${pool.listenersCount} listeners`);
  }
  await sleep(50);
  assert.ok(process.getActiveResourcesInfo().length <= handlesBefore + 2, process.getActiveResourcesInfo().join());
});

test("R-DATA-01 a closed pool lends nothing and ends who waits", async () => {
  const pool = new PassiveListenerPool();
  const waiting = (await pool.acquire(here)).accept();
  await Promise.all([pool[Symbol.asyncDispose](), assert.rejects(waiting, TransportError)]);
  await assert.rejects(pool.acquire(here), hasCode("SALLYPORT_PASSIVE_RELEASED"));
  assert.equal(pool.listenersCount, 0);
});

test("PROXY: a trusted proxy's header names the peer; others' headers are data", async () => {
  await using pool = new PassiveListenerPool({ trustsProxy: (address) => address === "127.0.0.9" });
  const foreign: string[] = [];
  const through = { localAddress: "127.0.0.1", peerAddress: "192.0.2.1", onForeign: (a: string) => foreign.push(a) };
  const reservation = await pool.acquire(through);
  const header = (source: string) => `PROXY TCP4 ${source} 127.0.0.1 40000 ${reservation.port}\r\n`;
  const liar = await dial(reservation.port, "127.0.0.8");
  liar.write(header("192.0.2.1"));
  const wrong = await dial(reservation.port, "127.0.0.9");
  wrong.write(header("192.0.2.2"));
  const broken = await dial(reservation.port, "127.0.0.9");
  broken.write("PROXY TCP4 \r\n");
  assert.ok((await Promise.all([liar, wrong, broken].map(isClosedUnheard))).every(Boolean));
  const right = await dial(reservation.port, "127.0.0.9");
  for (const octet of `${header("192.0.2.1")}payload`) right.write(octet);
  const socket = await reservation.accept();
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += String(chunk)));
  while (received.length < 7) await sleep(5);
  assert.equal(received, "payload");
  assert.deepEqual(foreign.toSorted(), ["127.0.0.8", "192.0.2.2"]);
  right.destroy();
  socket.destroy();
});
