import { type Client, type ClientOptions, connect } from "@sallyport/client";
import { mockMechanism, needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { everyOperation } from "../../packages/client/test/every-operation.ts";
import { type GssapiRoom, mockRoom, rooms } from "./gssapi-room.ts";

function connectTo({ server, client: mechanism }: GssapiRoom, options: ClientOptions = {}): Promise<Client> {
  return connect(`ftp://alice@127.0.0.1:${server.explicitPort}`, {
    ...options,
    gssapi: { mechanism, host: "localhost", ...options.gssapi },
  });
}

for (const { name, needs: wanted, open } of rooms) {
  void describe(`our client and our server, ${name}`, { skip: needs(...wanted) }, () => {
    let room: GssapiRoom;
    before(async () => {
      room = await open({ listener: { requireTls: "login" } });
    });
    after(() => room[Symbol.asyncDispose]());

    const levels = name === "mock" ? (["P"] as const) : (["C", "S", "P"] as const);
    for (const level of levels) {
      void test(`R-GSS-05 everything that a client does, under PROT ${level}`, async () => {
        await using client = await connectTo(room, { dataProtection: level });
        await everyOperation(client, room.server.directory);
      });
    }

    void test("R-GSS-05 files of sizes around that of a block arrive as they were", async () => {
      await using client = await connectTo(room);
      for (const size of [0, 1, 262_083, 262_084, 262_085, 1_048_575, 1_048_576, 1_048_577, 10 * 1024 * 1024]) {
        const content = randomBytes(size);
        await client.write("sized", content);
        assert.ok(content.equals(await readFile(join(room.server.directory, "sized"))), `up ${size}`);
        const back = await new Response(await client.read("sized")).bytes();
        assert.ok(content.equals(back), `down ${size}`);
      }
    });
  });
}

void describe("our client and our server, whatever the mechanism", () => {
  let room: GssapiRoom;
  before(async () => {
    room = await mockRoom();
  });
  after(() => room[Symbol.asyncDispose]());

  void test("R-2228-15 compressed files and the rest of one arrive as they were", async () => {
    const content = randomBytes(3_000_000).fill(7, 1_000_000, 2_000_000);
    await using client = await connectTo(room, { compression: "on", dataProtection: "S" });
    using lease = await client.checkout();
    await client.write("whole", content);
    assert.ok(content.equals(await readFile(join(room.server.directory, "whole"))));
    const rest = await new Response(await client.read("whole", { start: 2_000_003 })).bytes();
    assert.ok(content.subarray(2_000_003).equals(rest));
    assert.ok(lease.connection.gssapi !== undefined);
  });

  void test("R-959-61 a download that is given up leaves the connection in step", async () => {
    await using client = await connectTo(room, { pool: { max: 1 } });
    await client.write("long", randomBytes(8_000_000));
    for (let round = 0; round < 3; round++) {
      const stop = new AbortController();
      const reading = (await client.read("long", { signal: stop.signal })).getReader();
      await reading.read();
      stop.abort(new Error("enough"));
      await assert.rejects(async () => {
        while (!(await reading.read()).done);
      }, /enough/);
      assert.equal(await client.exists("long"), true);
    }
    assert.equal((await client.stat("long")).size, 8_000_000);
  });

  void test("R-2640-06 names have every octet that they may have", async () => {
    await using client = await connectTo(room, { encoding: "windows-1252" });
    await client.write("ÿÿ þ ü.txt", "x", { atomic: false });
    const names = (await Array.fromAsync(client.list())).map((entry) => entry.name);
    assert.ok(names.includes("ÿÿ þ ü.txt"));
    await client.remove("ÿÿ þ ü.txt");
  });

  void test("R-GSS-06 each control connection of a pool has a context of its own", async () => {
    await using client = await connectTo(room, { pool: { max: 3 } });
    const content = randomBytes(2_000_000);
    await client.write("shared", content);
    const all = await Promise.all([1, 2, 3].map(async () => new Response(await client.read("shared")).bytes()));
    assert.ok(all.every((bytes) => content.equals(bytes)));
  });

  void test("R-GSS-05 the server opens data connections, too", async () => {
    await using client = await connectTo(room, { data: { mode: "active" } });
    await client.write("active", "by PORT");
    assert.equal(await new Response(await client.read("active")).text(), "by PORT");
  });

  void test("R-2228-11 commands that are sealed alone (MIC) do as well", async () => {
    const gssapi = { mechanism: room.client, host: "localhost", commands: "safe" as const };
    await using client = await connectTo(room, { gssapi });
    await client.write("mic", "x");
    assert.equal(await client.exists("mic"), true);
  });

  void test("R-2228-31 a name that the ticket is not for is refused, and no password is tried", async () => {
    const wrong = connectTo(room, { user: "bob", password: "secret" });
    await assert.rejects(wrong, { code: "SALLYPORT_LOGIN_REFUSED" });
  });

  void test("R-959-61 an upload that is given up leaves the connection in step, and no file", async () => {
    await using client = await connectTo(room, { pool: { max: 1 } });
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let count = 0; ; count++) {
        if (count === 20) stop.abort(new Error("enough"));
        yield randomBytes(100_000);
      }
    }
    await assert.rejects(client.write("never", endless(), { signal: stop.signal }), /enough/);
    assert.equal(await client.exists("never"), false);
  });
});

test("R-GSS-06 commands and replies go between the blocks of a transfer, in either direction", async () => {
  await using room = await mockRoom();
  const asked: string[] = [];
  await using client = await connectTo(room, {
    keepAlive: { noopMs: 20, duringTransfer: true },
    limitRate: 8_000_000,
    onTranscript: ({ text }) => void asked.push(text),
  });
  const content = randomBytes(4_000_000);
  await client.write("slow", content, { atomic: false });
  assert.ok(content.equals(await readFile(join(room.server.directory, "slow"))));
  const statsCount = asked.filter((text) => text === "STAT").length;
  assert.ok(statsCount > 1, "asked while octets went up");
  assert.ok(content.equals(await new Response(await client.read("slow")).bytes()));
  assert.ok(asked.filter((text) => text === "STAT").length > statsCount, "and while they came down");
});

test("R-2228-16 without a ticket the next of the order protects, and the password goes under it", async () => {
  await using room = await mockRoom();
  await using mechanism = mockMechanism();
  mechanism.failNext("initiate", "no-credentials");
  const order: ClientOptions = {
    authOrder: ["GSSAPI", "TLS"],
    password: "secret",
    tls: { ca: room.server.identity.ca },
    gssapi: { mechanism, host: "localhost" },
  };
  await using client = await connectTo(room, order);
  assert.match(client.tls?.protocol ?? "", /^TLSv1\.[23]$/);
  await client.write("by-tls", "x");
  await using other = await connectTo(room, order);
  assert.equal(other.tls, undefined, "with a ticket it is Kerberos");
  assert.equal(await other.exists("by-tls"), true);
});

test("R-GSS-02 a realm that knows the server as host@ alone is asked for that, too", async () => {
  await using room = await mockRoom({}, { targets: ["host@localhost"] });
  await using client = await connectTo(room);
  assert.equal(client.gssapi?.peerName, "host@localhost");
});

test("R-GSS-06 a context that expires ends the connection, and one more is opened with another", async () => {
  await using room = await mockRoom();
  const shown: string[] = [];
  await using client = await connectTo(room, { onTranscript: ({ text }) => void shown.push(text) });
  await client.write("a", "b");
  room.mechanism.expire();
  assert.equal(await client.exists("a"), true);
  assert.equal(shown.filter((text) => text === "AUTH GSSAPI").length, 2);
});

test("R-GSS-06 what cannot be asked again fails with the context, by a code of its own", async () => {
  await using room = await mockRoom();
  await using client = await connectTo(room);
  room.mechanism.expire();
  await assert.rejects(client.raw("NOOP"), { code: "SALLYPORT_GSSAPI_CONTEXT_EXPIRED", fault: "context-expired" });
  assert.equal((await client.raw("NOOP")).code, 200, "and the next has a connection of its own");
});

test("R-GSS-06 a context that is about to expire is not used for more", async () => {
  await using room = await mockRoom({}, { lifetimeMs: 30_000 });
  const shown: string[] = [];
  await using client = await connectTo(room, { onTranscript: ({ text }) => void shown.push(text) });
  assert.equal(await client.exists("a"), false);
  assert.equal(await client.exists("a"), false);
  assert.equal(shown.filter((text) => text === "AUTH GSSAPI").length, 3);
});

test("a mechanism that dies during a transfer ends it, and the next one works", async () => {
  await using room = await mockRoom();
  await using client = await connectTo(room, { retry: { attempts: 0 } });
  await client.write("long", randomBytes(8_000_000));
  const reading = (await client.read("long")).getReader();
  await reading.read();
  room.mechanism.die();
  await assert.rejects(async () => {
    while (!(await reading.read()).done);
  });
  await using other = await connectTo(room);
  assert.equal((await new Response(await other.read("long")).bytes()).length, 8_000_000);
});
