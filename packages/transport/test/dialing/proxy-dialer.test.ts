import { needs } from "@sallyport/testing";
import { type Dialer, proxyDialer } from "@sallyport/transport";
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { inspect } from "node:util";
import { greeter, identity, keep, listen, startProxy, tinyproxyArguments, tlsProxy } from "./proxies.ts";

const timeoutMs = 5000;

async function dial(dialer: Dialer, host: string, port: number, waitMs = timeoutMs): Promise<Socket> {
  return keep(await dialer.dial({ host, port }, { timeoutMs: waitMs }));
}

/** Reads until the text is complete, with reading begun as late as its user may. */
async function hears(socket: Socket, text: string): Promise<void> {
  let heard = "";
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.ok(socket.isPaused() && socket.listenerCount("data") === 0);
  socket.on("data", (octets: Buffer) => (heard += octets.toString("latin1"))).resume();
  while (heard.length < text.length) await once(socket, "data");
  assert.equal(heard, text);
}

async function isTunnel(socket: Socket): Promise<void> {
  await hears(socket, "220 ready\r\n");
  const echoed = once(socket, "data");
  socket.write("NOOP\r\n");
  assert.equal(String((await echoed)[0]), "NOOP\r\n");
}

/** Answers one octet sequence after another, each to whatever comes next. */
function answering(...answers: readonly (readonly number[] | string)[]) {
  return listen((socket) => {
    const left = [...answers];
    socket.on("data", () => {
      const next = left.shift();
      if (next !== undefined) socket.write(typeof next === "string" ? next : Buffer.from(next));
    });
  });
}

test(
  "microsocks leads to a server by SOCKS 5, names looked up here and there",
  { skip: needs("linux", "microsocks") },
  async () => {
    await using server = await greeter();
    await using proxy = await startProxy("microsocks", (port) => ["-i", "127.0.0.1", "-p", String(port)]);
    for (const scheme of ["socks5", "socks5h"]) {
      const dialer = proxyDialer(`${scheme}://127.0.0.1:${proxy.port}`);
      for (const host of ["localhost", "127.0.0.1"]) await isTunnel(await dial(dialer, host, server.port));
    }
    const dialer = proxyDialer(`socks5h://localhost:${proxy.port}`);
    await assert.rejects(dial(dialer, "127.0.0.1", 1), {
      code: "SALLYPORT_PROXY_REFUSED",
      message: /^The proxy localhost port \d+ does not connect to 127\.0\.0\.1 port 1: the connection was refused$/,
    });
    await assert.rejects(dial(dialer, "no-such-host.invalid", 21), { code: "SALLYPORT_PROXY_REFUSED" });
    await assert.rejects(dial(proxyDialer(`socks5://localhost:${proxy.port}`), "no-such-host.invalid", 21), {
      code: "SALLYPORT_HOST_UNKNOWN",
      message: /with socks5h:\/\/ the proxy looks it up/,
    });
  },
);

test(
  "microsocks with a login: right, wrong and none; no error holds the password",
  { skip: needs("linux", "microsocks") },
  async () => {
    await using server = await greeter();
    const login = ["-u", "alice", "-P", "s:cr@t"];
    await using proxy = await startProxy("microsocks", (port) => ["-i", "127.0.0.1", "-p", String(port), ...login]);
    const at = `127.0.0.1:${proxy.port}`;
    await isTunnel(await dial(proxyDialer(`socks5h://alice:s%3Acr%40t@${at}`), "localhost", server.port));
    await assert.rejects(
      dial(proxyDialer(`socks5h://alice:wr%3Ang@${at}`), "localhost", server.port),
      (error: unknown) => {
        assert.match(inspect(error, { depth: 9 }), /SALLYPORT_PROXY_AUTH/);
        assert.match(inspect(error, { depth: 9 }), /refuses this user and password/);
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /wr:ng/);
        return true;
      },
    );
    await assert.rejects(dial(proxyDialer(`socks5h://${at}`), "localhost", server.port), {
      code: "SALLYPORT_PROXY_AUTH",
      message: /wants a user and password/,
    });
  },
);

test(
  "tinyproxy leads to a server by CONNECT, with and without a login",
  { skip: needs("linux", "tinyproxy") },
  async () => {
    await using server = await greeter();
    await using open = await startProxy("tinyproxy", tinyproxyArguments(undefined));
    await isTunnel(await dial(proxyDialer(`http://127.0.0.1:${open.port}`), "localhost", server.port));
    await assert.rejects(dial(proxyDialer(`http://127.0.0.1:${open.port}`), "127.0.0.1", 1), {
      code: "SALLYPORT_PROXY_REFUSED",
      message: /refuses a tunnel to 127\.0\.0\.1 port 1: 5\d\d /,
    });
    await using closed = await startProxy("tinyproxy", tinyproxyArguments("alice secret"));
    const at = `127.0.0.1:${closed.port}`;
    await isTunnel(await dial(proxyDialer(`http://alice:secret@${at}`), "127.0.0.1", server.port));
    await assert.rejects(dial(proxyDialer(`http://${at}`), "127.0.0.1", server.port), {
      code: "SALLYPORT_PROXY_AUTH",
      message: /wants a user and password/,
    });
    await assert.rejects(dial(proxyDialer(`http://alice:wrong@${at}`), "127.0.0.1", server.port), {
      code: "SALLYPORT_PROXY_AUTH",
      message: /refuses this user and password/,
    });
  },
);

test("a proxy inside TLS is verified, then leads on; proxies make chains", async () => {
  await using server = await greeter();
  await using proxy = await tlsProxy();
  const { ca } = identity;
  const dialer = proxyDialer(`https://localhost:${proxy.port}`, { tls: { ca } });
  await isTunnel(await dial(dialer, "127.0.0.1", server.port));
  await assert.rejects(dial(proxyDialer(`https://localhost:${proxy.port}`), "127.0.0.1", server.port), {
    code: "SALLYPORT_PROXY_TLS_FAILED",
  });
  const chain = proxyDialer(`https://127.0.0.1:${proxy.port}`, { tls: { ca }, dialer });
  await isTunnel(await dial(chain, "127.0.0.1", server.port));
  await using plain = await greeter();
  await assert.rejects(dial(proxyDialer(`https://127.0.0.1:${plain.port}`), "127.0.0.1", server.port), {
    code: "SALLYPORT_PROXY_TLS_FAILED",
  });
});

test("octets right behind a proxy's answer are the server's and are kept", async () => {
  const ok5 = [5, 0, 0, 1, 127, 0, 0, 1, 0, 21];
  const name = Buffer.from("proxy.example.org");
  const greeting = [...Buffer.from("220 early\r\n")];
  const answers: [string, (readonly number[] | string)[]][] = [
    ["http", ["HTTP/1.1 200 OK\r\nVia: x\r\n\r\n220 early\r\n"]],
    ["http", ["HTTP/1.0 299 \n\n220 early\r\n"]],
    [
      "socks5h",
      [
        [5, 0],
        [...ok5, ...greeting],
      ],
    ],
    [
      "socks5h",
      [
        [5, 0],
        [5, 0, 0, 3, name.length, ...name, 0, 21, ...greeting],
      ],
    ],
    [
      "socks5h",
      [
        [5, 0],
        [5, 0, 0, 4, ...Array.from({ length: 18 }, () => 1), ...greeting],
      ],
    ],
    ["socks4a", [[0, 90, 0, 0, 0, 0, 0, 0, ...greeting]]],
  ];
  for (const [scheme, answer] of answers) {
    await using proxy = await answering(...answer);
    await hears(await dial(proxyDialer(`${scheme}://127.0.0.1:${proxy.port}`), "ftp.example.org", 21), "220 early\r\n");
  }
});

test("an answer that comes octet by octet is an answer", async () => {
  for (const [scheme, text] of [
    ["http", "HTTP/1.1 200 OK\r\n\r\n220 late\r\n"],
    ["socks4", "\0\x5A\0\0\0\0\0\x00220 late\r\n"],
  ] as const) {
    await using proxy = await listen((socket) => {
      const octets = Buffer.from(text, "latin1");
      let at = 0;
      const timer = setInterval(
        () => (at < octets.length ? socket.write(octets.subarray(at, ++at)) : clearInterval(timer)),
        1,
      );
      socket.on("close", () => clearInterval(timer)).resume();
    });
    await hears(await dial(proxyDialer(`${scheme}://127.0.0.1:${proxy.port}`), "127.0.0.1", 21), "220 late\r\n");
  }
});

test("what is asked of a proxy holds the target as it is to be found, and the login", async () => {
  const asked: string[] = [];
  await using proxy = await listen((socket) =>
    socket.on("data", (octets: Buffer) => {
      asked.push(octets.toString("latin1"));
      socket.write(
        octets[0] === 5 && octets.length < 5 ? Buffer.from([5, 2]) : octets[0] === 1 ? Buffer.from([1, 0]) : "",
      );
      if (octets.includes("HTTP")) socket.write("HTTP/1.1 200 OK\r\n\r\n");
      else if (octets[0] === 4) socket.write(Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]));
      else if (octets[0] === 5 && octets.length > 5) socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    }),
  );
  const at = `127.0.0.1:${proxy.port}`;
  const credentials = Buffer.from("al ice:p/w").toString("base64");
  await dial(proxyDialer(`http://al%20ice:p%2Fw@${at}`), "::1", 990);
  assert.equal(
    asked.join(""),
    `CONNECT [::1]:990 HTTP/1.1\r\nHost: [::1]:990\r\nProxy-Authorization: Basic ${credentials}\r\n\r\n`,
  );
  asked.length = 0;
  await dial(proxyDialer(`http://${at}`), "bücher.example", 21);
  assert.match(asked.join(""), /^CONNECT xn--bcher-kva\.example:21 HTTP\/1\.1\r\n/);
  asked.length = 0;
  await dial(proxyDialer(`socks5h://al%20ice:p%2Fw@${at}`), "ftp.example.org", 990);
  assert.deepEqual(asked, ["\x05\x02\0\x02", "\x01\x06al ice\x03p/w", "\x05\x01\0\x03\x0Fftp.example.org\x03\xDE"]);
  asked.length = 0;
  await dial(proxyDialer(`socks4a://alice@${at}`), "ftp.example.org", 990);
  await dial(proxyDialer(`socks4://alice@${at}`, { resolve: async () => ["192.0.2.7"] }), "ftp.example.org", 990);
  assert.deepEqual(asked, [
    "\x04\x01\x03\xDE\0\0\0\x01alice\0ftp.example.org\0",
    "\x04\x01\x03\xDE\xC0\0\x02\x07alice\0",
  ]);
});

test("proxies that refuse, break off or speak something else are told apart", async () => {
  const cases: [string, string, RegExp, (readonly number[] | string)[]][] = [
    [
      "http",
      "REFUSED",
      /refuses a tunnel to ftp\.example\.org port 21: 403 Filtered$/,
      ["HTTP/1.1 403 Filtered\r\n\r\n"],
    ],
    ["http", "REFUSED", /: 502 evil\[31m$/, ["HTTP/1.1 502 evil\x1B[31m\r\n\r\n"]],
    ["http", "FAILED", /something else than HTTP/, ["220 ProFTPD ready\r\n"]],
    ["http", "FAILED", /something else than HTTP/, ["HTTP/2 200\r\n\r\n"]],
    ["http", "FAILED", /something else than HTTP/, [`HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(9000)}`]],
    [
      "socks5h",
      "REFUSED",
      /its rules forbid it/,
      [
        [5, 0],
        [5, 2, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
    ],
    [
      "socks5h",
      "REFUSED",
      /it gives no reason/,
      [
        [5, 0],
        [5, 99, 0, 1, 0, 0, 0, 0, 0, 0],
      ],
    ],
    ["socks5h", "AUTH", /wants a user and password/, [[5, 255]]],
    ["socks5h", "AUTH", /wants a user and password/, [[5, 1]]],
    ["socks5h", "FAILED", /something else than SOCKS/, ["HTTP/1.1 400 Bad Request\r\n\r\n"]],
    ["socks4a", "REFUSED", /it was refused or failed/, [[0, 91, 0, 0, 0, 0, 0, 0]]],
    ["socks4a", "REFUSED", /./, ["220 ProFTPD ready\r\n"]],
  ];
  for (const [scheme, code, sentence, answers] of cases) {
    await using proxy = await answering(...answers);
    await assert.rejects(dial(proxyDialer(`${scheme}://127.0.0.1:${proxy.port}`), "ftp.example.org", 21), {
      code: `SALLYPORT_PROXY_${code}`,
      message: sentence,
    });
  }
  for (const scheme of ["http", "socks5h", "socks4a"]) {
    for (const breakOff of ["end", "destroy", "resetAndDestroy"] as const) {
      await using gone = await listen((socket) => socket.once("data", () => socket[breakOff]()));
      await assert.rejects(dial(proxyDialer(`${scheme}://127.0.0.1:${gone.port}`), "ftp.example.org", 21), {
        code: "SALLYPORT_PROXY_FAILED",
        message: /closed the connection/,
      });
    }
  }
});

test("a proxy that says nothing, drips, or is not there ends in time", async () => {
  await using silent = await listen(() => {});
  await using dripping = await listen((socket) => {
    const timer = setInterval(
      () => socket.write("HTTP/1.1 200 OK\r\nX-Y: z\r\n".at(socket.bytesWritten % 25) ?? ""),
      5,
    );
    socket.on("close", () => clearInterval(timer)).resume();
  });
  for (const scheme of ["http", "https", "socks5h", "socks5", "socks4a"]) {
    for (const { port } of [silent, dripping]) {
      const since = performance.now();
      await assert.rejects(dial(proxyDialer(`${scheme}://127.0.0.1:${port}`), "127.0.0.1", 21, 150), /SALLYPORT|./);
      assert.ok(performance.now() - since < 2000);
    }
    await assert.rejects(dial(proxyDialer(`${scheme}://127.0.0.1:${silent.port}`), "127.0.0.1", 21, 100), {
      code: "SALLYPORT_CONNECT_TIMEOUT",
      message: /^The proxy 127\.0\.0\.1 port \d+ did not answer within/,
    });
  }
  await silent[Symbol.asyncDispose]();
  await assert.rejects(dial(proxyDialer(`socks5h://127.0.0.1:${silent.port}`), "127.0.0.1", 21), {
    code: "SALLYPORT_CONNECT_REFUSED",
    message: /^The proxy is not reached: 127\.0\.0\.1 port \d+ refuses connections/,
  });
  await using listening = await listen(() => {});
  const controller = new AbortController();
  const dialling = proxyDialer(`http://127.0.0.1:${listening.port}`).dial(
    { host: "127.0.0.1", port: 21 },
    { timeoutMs, signal: controller.signal },
  );
  setTimeout(() => controller.abort(new Error("enough")), 30);
  await assert.rejects(dialling, { message: "enough" });
});

test("addresses of proxies are read strictly, and no password is told", () => {
  for (const url of [
    "nonsense",
    "ftp://x",
    "socks5://",
    "http://h:0",
    "http://h/path",
    "http://h?x",
    "socks4://u:p@h",
    "http://a%3Ab:secret@h",
    `socks5://${"u".repeat(256)}:secret@h`,
    "http://%zz:secret@h",
    "socks5h://ho st:1",
  ]) {
    assert.throws(
      () => proxyDialer(url),
      (error: unknown) => {
        assert.ok(error instanceof Error);
        assert.equal((error as { code?: unknown }).code, "SALLYPORT_PROXY_URL", url);
        assert.doesNotMatch(inspect(error), /secret/);
        return true;
      },
    );
  }
  for (const url of [
    "socks5://h",
    "socks5h://u@h:1",
    "socks4a://[::1]:1080/",
    "http://u:p@h:3128",
    new URL("https://h"),
  ]) {
    proxyDialer(url);
  }
});

test("a target that can be no host is never sent to a proxy", async () => {
  for (const host of ["a\r\nb", "a b", "", "a:1/", "a".repeat(300)]) {
    await assert.rejects(dial(proxyDialer("http://127.0.0.1:1"), host, 21), { code: "SALLYPORT_HOST_INVALID" });
  }
});
