import { needs } from "@sallyport/testing";
import { type AddressFamily, directDialer, type ResolveAddresses } from "@sallyport/transport";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

const timeoutMs = 5000;

const dialled: Socket[] = [];
test.afterEach(() => {
  for (const socket of dialled.splice(0)) socket.destroy();
});

async function greeter(host = "127.0.0.1", port = 0): Promise<{ port: number } & AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket.on("error", () => {}));
    socket.write("220 ready\r\n");
  });
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** One port on both loopback addresses; another process may hold it on the second one, then the next is tried. */
async function greeterOnBoth(): Promise<{ port: number; stop6: () => Promise<void> } & AsyncDisposable> {
  for (let count = 0; ; count++) {
    const six = await greeter("::1");
    try {
      const four = await greeter("127.0.0.1", six.port);
      return {
        port: six.port,
        stop6: async () => {
          await six[Symbol.asyncDispose]();
        },
        [Symbol.asyncDispose]: async () => {
          await six[Symbol.asyncDispose]();
          await four[Symbol.asyncDispose]();
        },
      };
    } catch (error) {
      await six[Symbol.asyncDispose]();
      if (count === 20) throw error;
    }
  }
}

function names(
  table: Partial<Record<AddressFamily, readonly string[]>>,
  delaysMs: Partial<Record<AddressFamily, number>> = {},
): ResolveAddresses {
  return async (_host, family) => {
    await delay(delaysMs[family] ?? 0);
    const found = table[family];
    if (!found) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    return found;
  };
}

async function dial(port: number, resolve?: ResolveAddresses, host = "ftp.example.org"): Promise<Socket> {
  const socket = await directDialer(resolve && { resolve }).dial({ host, port }, { timeoutMs });
  dialled.push(socket);
  return socket;
}

/** A port that answers on 127.0.0.1; on ::1 its queue is full, so that connecting to it hangs. */
async function hangsOnSix(): Promise<{ port: number } & AsyncDisposable> {
  const program = `
import socket, sys
s = socket.socket(socket.AF_INET6)
s.bind(("::1", int(sys.argv[1])))
s.listen(0)
kept = [socket.socket(socket.AF_INET6) for _ in range(4)]
for c in kept:
    c.setblocking(False)
    c.connect_ex(s.getsockname())
print("full", flush=True)
sys.stdin.read()
`;
  for (let count = 0; ; count++) {
    const four = await greeter("127.0.0.1");
    const child = spawn("python3", ["-c", program, String(four.port)], { stdio: ["pipe", "pipe", "ignore"] });
    const exited = once(child, "exit");
    const isFull = await Promise.race([once(child.stdout, "data").then(() => true), exited.then(() => false)]);
    if (isFull) {
      return {
        port: four.port,
        [Symbol.asyncDispose]: async () => {
          child.stdin.end();
          await exited;
          await four[Symbol.asyncDispose]();
        },
      };
    }
    await four[Symbol.asyncDispose]();
    if (count === 20) throw new Error("no port is free on both addresses");
  }
}

test("a connection comes paused and whole, without Nagle's delay, and may be half-closed", async () => {
  await using server = await greeter();
  const socket = await dial(server.port, undefined, "127.0.0.1");
  await delay(50);
  assert.ok(socket.isPaused() && socket.readableFlowing === false);
  assert.equal(socket.allowHalfOpen, true);
  socket.resume();
  const [octets] = (await once(socket, "data")) as [Buffer];
  assert.equal(octets.toString(), "220 ready\r\n");
});

test(
  "R-CLI-04 a name is tried on both families; IPv6 is asked first, IPv4 follows a failure at once",
  { skip: needs("ipv6") },
  async () => {
    await using both = await greeterOnBoth();
    const byBoth = await dial(both.port, names({ 4: ["127.0.0.1"], 6: ["::1"] }));
    assert.equal(byBoth.remoteAddress, "::1");
    await both.stop6();
    const since = performance.now();
    const byFour = await dial(both.port, names({ 4: ["127.0.0.1"], 6: ["::1"] }));
    assert.equal(byFour.remoteAddress, "127.0.0.1");
    assert.ok(performance.now() - since < 240, "no wait for what has failed");
    const local = await dial(both.port, undefined, "localhost");
    assert.equal(local.remoteAddress, "127.0.0.1");
  },
);

test(
  "R-CLI-04 an address that hangs is overtaken after 250 ms, and may still win",
  { skip: needs("ipv6", "python3", "linux") },
  async () => {
    await using half = await hangsOnSix();
    const since = performance.now();
    const socket = await dial(half.port, names({ 4: ["127.0.0.1"], 6: ["::1"] }));
    const tookMs = performance.now() - since;
    assert.equal(socket.remoteAddress, "127.0.0.1");
    assert.ok(tookMs >= 240 && tookMs < 4000, `${tookMs} ms`);
    await assert.rejects(
      directDialer({ resolve: names({ 6: ["::1"] }) }).dial({ host: "x", port: half.port }, { timeoutMs: 400 }),
      {
        code: "SALLYPORT_CONNECT_TIMEOUT",
        message: /^x port \d+ did not answer within 400 ms$/,
      },
    );
  },
);

test("R-CLI-04 IPv4 waits 50 ms for a slow answer about IPv6, and no longer", { skip: needs("ipv6") }, async () => {
  await using both = await greeterOnBoth();
  const table = { 4: ["127.0.0.1"], 6: ["::1"] };
  assert.equal((await dial(both.port, names(table, { 6: 20 }))).remoteAddress, "::1");
  assert.equal((await dial(both.port, names(table, { 6: 400 }))).remoteAddress, "127.0.0.1");
  assert.equal((await dial(both.port, names(table, { 4: 400 }))).remoteAddress, "::1");
});

test("many addresses that refuse are tried one after another, but not without end", async () => {
  await using server = await greeter("127.0.0.1");
  const dead = Array.from({ length: 10 }, (_, at) => `127.0.1.${at + 1}`);
  const socket = await dial(server.port, names({ 4: [...dead, "127.0.0.1"] }));
  assert.equal(socket.remoteAddress, "127.0.0.1");
  const more = Array.from({ length: 200 }, (_, at) => `127.0.2.${at + 1}`);
  await assert.rejects(dial(server.port, names({ 4: [...more, "127.0.0.1"] })), (error: unknown) => {
    assert.ok(error instanceof Error && error.cause instanceof AggregateError);
    assert.equal(error.cause.errors.length, 16 + 1, "sixteen attempts and the failed lookup of IPv6");
    return true;
  });
});

test("failures are told by their cause", async () => {
  await using server = await greeter();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await assert.rejects(dial(port, undefined, "127.0.0.1"), {
    code: "SALLYPORT_CONNECT_REFUSED",
    message: `127.0.0.1 port ${port} refuses connections: nothing listens there, or a firewall says no`,
  });
  await assert.rejects(dial(port, names({})), {
    code: "SALLYPORT_HOST_UNKNOWN",
    message: "The host name ftp.example.org has no address; check its spelling",
  });
  const again = () => Promise.reject(Object.assign(new Error("try again"), { code: "EAI_AGAIN" }));
  await assert.rejects(dial(port, again), {
    code: "SALLYPORT_HOST_UNKNOWN",
    message: /The name service does not answer/,
  });
  await assert.rejects(dial(port, undefined, "no-such-host.invalid"), { code: "SALLYPORT_HOST_UNKNOWN" });
});

test("a local address is used, and only targets of its family are tried", { skip: needs("linux") }, async () => {
  await using server = await greeter("127.0.0.1");
  const target = { host: "ftp.example.org", port: server.port };
  const resolve = names({ 4: ["127.0.0.1"], 6: ["::1"] });
  const socket = await directDialer({ resolve }).dial({ ...target, localAddress: "127.0.0.9" }, { timeoutMs });
  dialled.push(socket);
  assert.equal(socket.localAddress, "127.0.0.9");
  await assert.rejects(directDialer({ resolve }).dial({ ...target, localAddress: "192.0.2.1" }, { timeoutMs }), {
    code: "SALLYPORT_CONNECT_FAILED",
    message: /cannot be reached from the local address 192\.0\.2\.1/,
  });
  await assert.rejects(
    directDialer({ resolve: names({ 4: ["127.0.0.1"] }) }).dial({ ...target, localAddress: "::1" }, { timeoutMs }),
    { code: "SALLYPORT_HOST_UNKNOWN", message: /has no address of the family of ::1/ },
  );
});

test("an abort ends the wait with its reason, before and during", async () => {
  const never = () => new Promise<string[]>(() => {});
  const dialer = directDialer({ resolve: never });
  await assert.rejects(
    dialer.dial({ host: "x", port: 1 }, { timeoutMs, signal: AbortSignal.abort(new Error("early")) }),
    {
      message: "early",
    },
  );
  const controller = new AbortController();
  const dialling = dialer.dial({ host: "x", port: 1 }, { timeoutMs, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(dialling, { message: "enough" });
  await assert.rejects(dialer.dial({ host: "x", port: 1 }, { timeoutMs: 50 }), { code: "SALLYPORT_CONNECT_TIMEOUT" });
});
