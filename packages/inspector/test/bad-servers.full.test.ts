import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";
import { test } from "node:test";
import { makeTestIdentity, startScriptedPeer } from "@sallyport/testing";
import { inspect, type InspectFailure, type InspectReport } from "@sallyport/inspector";

const identity = makeTestIdentity({ names: ["localhost", "127.0.0.1"] });

/** What answers where an FTP server should, and what is made of it; none of it is waited for longer than a step. */
const strangers: readonly { readonly name: string; readonly text: RegExp; serve(socket: net.Socket): void }[] = [
  {
    name: "SSH",
    text: /no reply of FTP: SSH-2\.0-OpenSSH/,
    serve: (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"),
  },
  {
    name: "a web server, which waits and then says 400",
    text: /^no reply of FTP: HTTP\/1\.1 400 Bad Request$/,
    serve: (socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  },
  {
    name: "a mail server",
    text: /^a mail server: 220 mx\.example\.test ESMTP Postfix$/,
    serve: (socket) => serveMail(socket, "220 mx.example.test ESMTP Postfix"),
  },
  {
    name: "a mail server that does not say so",
    text: /^a mail server: 220 ready$/,
    serve: (socket) => serveMail(socket, "220 ready"),
  },
  { name: "silence", text: /silence for 0\.5 s/, serve: () => {} },
  { name: "a connection that is closed at once", text: /connection closed/, serve: (socket) => socket.end() },
  {
    name: "a TLS alert",
    text: /^no reply of FTP: an alert of TLS$/,
    serve: (socket) => socket.write(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
  },
  { name: "a greeting without end", text: /no reply of FTP: 220-x+$/, serve: (socket) => flood(socket) },
];

for (const { name, text, serve } of strangers) {
  test(`${name} is not FTP`, async () => {
    await using server = await listening(serve);
    const found = await look(server.port);
    assert.ok("kind" in found && found.kind === "not-ftp", JSON.stringify(found));
    assert.match(found.ports.explicit?.text ?? "", text);
  });
}

test("M3 a port that is TLS from the first octet is recognised where the explicit one was meant", async () => {
  await using server = await startScriptedPeer({ tls: { key: identity.key, cert: identity.certificate } });
  const found = await look(server.implicitPort);
  assert.ok("kind" in found && found.kind === "not-ftp", JSON.stringify(found));
  assert.match(found.ports.explicit?.text ?? "", /TLS from the first octet/);
});

test("a server that turns everybody away with 421 is asked again, and then left alone", async () => {
  let connectionsCount = 0;
  await using server = await listening((socket) => {
    connectionsCount += 1;
    socket.end("421 too many connections\r\n");
  });
  const found = await look(server.port);
  assert.ok("kind" in found && found.kind === "unreachable", JSON.stringify(found));
  assert.match(found.ports.explicit?.text ?? "", /421 too many connections/);
  assert.equal(connectionsCount, 3);
});

test("a server without TLS is graded F, and nobody is sent a password", async () => {
  const heard: string[] = [];
  await using server = await listening((socket) => {
    socket.write("220 ready\r\n");
    socket.on("data", (octets: Buffer) => {
      heard.push(octets.toString());
      socket.write(octets.toString().startsWith("USER") ? "331 password\r\n" : "500 no\r\n");
    });
  });
  const report = await look(server.port, { user: "alice", password: "hunter2" });
  assert.ok(!("kind" in report));
  assert.deepEqual([report.grade.overall, report.grade.tls, report.grade.policy], ["F", "F", "F"]);
  assert.equal(report.ports.explicit?.state, "clear");
  assert.ok(heard.length > 3 && !heard.some((line) => /PASS|hunter2|alice/.test(line)), heard.join());
});

test("a name that does not resolve, and a port where nobody listens", async () => {
  const unknown = await inspect("nothing.invalid");
  assert.deepEqual(unknown, { kind: "name-unknown", host: "nothing.invalid" });
  const refused = await look(1);
  assert.ok("kind" in refused && refused.kind === "unreachable");
});

function look(
  port: number,
  credentials?: { readonly user: string; readonly password: string },
): Promise<InspectReport | InspectFailure> {
  return inspect("127.0.0.1", {
    ports: { explicit: port, implicit: "off" },
    timeoutMs: 500,
    ...(credentials && { credentials }),
  });
}

async function listening(serve: (socket: net.Socket) => void): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** As Postfix answers before EHLO. */
function serveMail(socket: Duplex, greeting: string): void {
  socket.write(`${greeting}\r\n`);
  socket.on("data", (octets: Buffer) => {
    const isKnown = octets.toString().startsWith("EHLO ");
    socket.write(isKnown ? "250-mx.example.test\r\n250 STARTTLS\r\n" : "502 5.5.2 Error: command not recognized\r\n");
  });
}

function flood(socket: net.Socket): void {
  const line = Buffer.from(`220-${"x".repeat(65_000)}\r\n`);
  const more = () => {
    while (!socket.destroyed && socket.write(line));
  };
  socket.on("drain", more);
  more();
}

test("mail on a port that begins with TLS is not FTP either, and no TLS of it is graded", async () => {
  const server = tls.createServer({ key: identity.key, cert: identity.certificate }, (socket) => {
    serveMail(
      socket.on("error", () => {}),
      "220 mx.example.test ESMTP",
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ports = { explicit: "off", implicit: port } as const;
  const found = await inspect("127.0.0.1", { ports, ca: identity.ca, timeoutMs: 500 });
  server.close();
  assert.ok("kind" in found && found.kind === "not-ftp", JSON.stringify(found));
  assert.match(found.ports.implicit?.text ?? "", /^a mail server: 220 mx/);
});

test("so is one that says so inside TLS, on the implicit port", async () => {
  let connectionsCount = 0;
  const server = tls.createServer({ key: identity.key, cert: identity.certificate }, (socket) => {
    connectionsCount += 1;
    socket.on("error", () => {}).end("421 too many connections\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const ports = { explicit: "off", implicit: port } as const;
  const found = await inspect("127.0.0.1", { ports, ca: identity.ca, timeoutMs: 500 });
  server.close();
  assert.ok("kind" in found && found.kind === "unreachable", JSON.stringify(found));
  assert.equal(connectionsCount, 3);
});
