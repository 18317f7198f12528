import { type ConnectionSelector, type ConnectionStatus, selects } from "@sallyport/server";
import { LoginThrottle } from "@sallyport/server/accounts";
import { limitValues } from "@sallyport/protocol";
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, test } from "node:test";
import { askServer } from "../../src/admin/admin-client.ts";
import { AdminServer } from "../../src/admin/admin-server.ts";
import { servedBy, type ServedConnections } from "../../src/admin/served-connections.ts";
import type { ServiceEvent } from "../../src/log/service-event.ts";
import { type StateDirectory, stateDirectory } from "../../src/state-directory.ts";

const scratch = mkdtempSync(join(tmpdir(), "sallyport-admin-"));
after(() => rmSync(scratch, { recursive: true }));
let directories = 0;

function newState(name = `state-${directories++}`): StateDirectory {
  const path = join(scratch, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return stateDirectory(path);
}

function status(connection: number, account: string, remoteAddress: string): ConnectionStatus {
  const activity = { kind: "idle", durationMs: 10 } as const;
  return { connection, account, remoteAddress, remotePort: 4000, tlsMode: "explicit", openedAtMs: 1, activity };
}

/** Three connections that can be closed. */
function standIn() {
  let connections = [status(1, "alice", "192.0.2.1"), status(2, "alice", "192.0.2.2"), status(3, "bob", "2001:db8::1")];
  const told: ServiceEvent[] = [];
  const throttle = new LoginThrottle();
  const serving = {
    connections: async () => connections,
    disconnect: async (selector: ConnectionSelector) => {
      const closed = connections.filter((one) => selects(selector, one));
      connections = connections.filter((one) => !closed.includes(one));
      return closed.length;
    },
  };
  const served: ServedConnections = servedBy(serving, throttle, (event) => told.push(event));
  return { served, throttle, told };
}

describe("asking a running server", () => {
  test("lists, disconnects those that are meant, bans each host once, and forgives", async () => {
    const state = newState();
    const { served, throttle, told } = standIn();
    await using _server = await AdminServer.listen(state.socket, served);
    const { connections } = await askServer(state, { ask: "list" });
    assert.deepEqual(
      connections.map(({ connection }) => connection),
      [1, 2, 3],
    );
    const none = await askServer(state, { ask: "disconnect", selector: { account: "carol" }, ban: true });
    assert.deepEqual(none, { closed: [], bans: [] });
    const kicked = await askServer(state, { ask: "disconnect", selector: { account: "alice" }, ban: false });
    assert.deepEqual([kicked.closed.length, kicked.bans], [2, []]);
    const address = "2001:db8::2";
    const banned = await askServer(state, { ask: "disconnect", selector: { address }, ban: true });
    assert.equal(banned.closed.length, 0);
    assert.deepEqual(
      banned.bans.map(({ host, untilMs }) => [host, Math.round((untilMs - Date.now()) / 60_000)]),
      [["2001:db8:0:0::/64", 15]],
    );
    assert.deepEqual(throttle.judge({ remoteAddress: "2001:db8::1" }).kind, "refused");
    assert.deepEqual(await askServer(state, { ask: "forgive", address }), { wasBanned: true });
    assert.deepEqual(await askServer(state, { ask: "forgive", address }), { wasBanned: false });
    assert.deepEqual(throttle.judge({ remoteAddress: "2001:db8::1" }).kind, "admitted");
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ["address-banned", "address-forgiven", "address-forgiven"],
    );
    const left = await askServer(state, { ask: "list" });
    assert.equal(left.connections.length, 1);
  });

  test("no server, a dead one's socket and a server that does not answer are told apart", async () => {
    const state = newState();
    await assert.rejects(askServer(state, { ask: "list" }), { code: "SALLYPORT_SERVER_NOT_RUNNING" });
    const { served } = standIn();
    {
      await using _server = await AdminServer.listen(state.socket, served);
      assert.equal(statSync(state.socket).mode & 0o777, 0o600);
    }
    assert.equal(existsSync(state.socket), false);
    const silent: ServedConnections = { ...served, list: () => new Promise(() => undefined) };
    await using server = await AdminServer.listen(state.socket, silent, limitValues({ adminWaitMs: 100 }));
    await assert.rejects(askServer(state, { ask: "list" }), { code: "SALLYPORT_SERVER_SILENT" });
    assert.ok(server);
  });

  test("a server that is starting is waited for", async () => {
    const state = newState();
    writeFileSync(state.pid, `${process.pid}\n`);
    const asked = askServer(state, { ask: "list" });
    await new Promise((resolve) => setTimeout(resolve, 250));
    await using _server = await AdminServer.listen(state.socket, standIn().served);
    assert.equal((await asked).connections.length, 3);
  });

  test("what a server that was taken over answers cannot steer the terminal of whoever asks", async () => {
    const state = newState();
    const answers = [
      {
        ok: true,
        answer: { connections: [{ ...status(1, "a\u001b[2J", "\u001b]0;root\u0007"), tlsMode: "\u009b1m" }] },
      },
      { ok: false, problem: "\u001b[31mNo\nsallyport: done" },
    ];
    await using undo = new AsyncDisposableStack();
    const server = createServer((socket) => void socket.end(`${JSON.stringify({ version: 1, ...answers.shift() })}\n`));
    await new Promise<void>((resolve) => server.listen(state.socket, resolve));
    undo.defer(() => void server.close());
    const [shown] = (await askServer(state, { ask: "list" })).connections;
    assert.deepEqual(
      [shown?.account, shown?.remoteAddress, shown?.tlsMode],
      ["a\\x1B[2J", "\\x1B]0;root\\x07", "\\x9B1m"],
    );
    await assert.rejects(askServer(state, { ask: "list" }), (error) => {
      assert.ok(error instanceof Error);
      // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
      assert.doesNotMatch(error.message, /[\u0000-\u001F]/);
      return true;
    });
  });

  test("a server's failure is its sentence, not its end", async () => {
    const state = newState();
    const broken: ServedConnections = {
      ...standIn().served,
      list: () => Promise.reject(new Error("worker 3 is gone")),
    };
    await using _server = await AdminServer.listen(state.socket, broken);
    await assert.rejects(askServer(state, { ask: "list" }), /did not do it: .*worker 3 is gone/);
    await assert.rejects(askServer(state, { ask: "list" }), { code: "SALLYPORT_ADMIN_REFUSED" });
  });

  test(
    "a path that is too long for a socket is reached all the same",
    { skip: process.platform !== "linux" },
    async () => {
      const state = newState(join("x".repeat(80), "y".repeat(80)));
      assert.ok(Buffer.byteLength(state.socket) > 107);
      {
        await using _server = await AdminServer.listen(state.socket, standIn().served);
        assert.equal((await askServer(state, { ask: "list" })).connections.length, 3);
        assert.equal(statSync(state.socket).mode & 0o777, 0o600);
      }
      assert.equal(existsSync(state.socket), false);
    },
  );

  test("what a server left that ended hard is replaced, and a file of that name is not", async () => {
    const state = newState();
    const script = `require("node:net").createServer().listen(${JSON.stringify(state.socket)}, () => process.kill(process.pid, "SIGKILL"))`;
    const { spawnSync } = await import("node:child_process");
    spawnSync(process.execPath, ["-e", script]);
    assert.equal(statSync(state.socket).isSocket(), true);
    {
      await using _server = await AdminServer.listen(state.socket, standIn().served);
      assert.equal((await askServer(state, { ask: "list" })).connections.length, 3);
    }
    writeFileSync(state.socket, "mine");
    await assert.rejects(AdminServer.listen(state.socket, standIn().served), { code: "SALLYPORT_ADMIN_UNREACHABLE" });
    assert.equal(statSync(state.socket).size, 4);
  });
});

describe("a peer that misbehaves on the socket", () => {
  async function say(state: StateDirectory, octets: string): Promise<string> {
    const socket = connect(state.socket);
    socket.on("error", () => undefined);
    await once(socket, "connect");
    socket.end(octets);
    return text(socket);
  }

  test("is told what is wrong, a line for a line", async () => {
    const state = newState();
    await using _server = await AdminServer.listen(state.socket, standIn().served);
    const lines = [
      "not JSON",
      "[]",
      '{"ask":"list"}',
      '{"version":1,"ask":"constructor"}',
      '{"version":1,"ask":"disconnect","selector":{}}',
      '{"version":1,"ask":"disconnect","selector":{"connections":[1.5]}}',
      '{"version":1,"ask":"forgive","address":"everybody"}',
      '{"version":1,"ask":"list"}',
    ];
    const replies = (await say(state, `${lines.join("\n")}\n`))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { ok: boolean; version: number });
    assert.deepEqual(
      replies.map(({ ok }) => ok),
      [...lines.slice(1).map(() => false), true],
    );
    assert.deepEqual(new Set(replies.map(({ version }) => version)), new Set([1]));
  });

  test("neither a long line, a line that never ends nor many connections cost more than their bound", async () => {
    const state = newState();
    const limits = limitValues({ adminLineBytes: 1000, adminWaitMs: 150, adminConnectionsCount: 2 });
    await using _server = await AdminServer.listen(state.socket, standIn().served, limits);
    assert.match(await say(state, `${"x".repeat(1001)}\n`), /at most 1000 octets/);
    const slow = connect(state.socket);
    slow.write('{"version":1');
    await once(slow, "close");
    const held = [connect(state.socket), connect(state.socket)];
    await Promise.all(held.map((socket) => once(socket, "connect")));
    const third = connect(state.socket);
    third.on("error", () => undefined);
    await once(third, "close");
    for (const socket of held) socket.destroy();
  });
});
