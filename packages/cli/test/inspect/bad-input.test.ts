import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { test } from "node:test";
import { failureSentence, inspect, isFailure, type InspectOptions } from "@sallyport/inspector";
import { exitCodeOf, worstOf } from "../../src/inspect/exit-code.ts";
import { runSallyport } from "../run-sallyport.ts";

/** What answers where an FTP server should, the exit code, and what a person is told. */
const strangers: readonly {
  readonly name: string;
  readonly code: number;
  readonly says: RegExp;
  readonly options?: InspectOptions;
  serve(socket: net.Socket): void;
}[] = [
  {
    name: "SSH",
    code: 4,
    says: /^What answers at 127\.0\.0\.1 is not FTP \(port \d+: no reply of FTP: SSH-2\.0-OpenSSH_9\.2\): check the port/,
    serve: (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"),
  },
  {
    name: "HTTP",
    code: 4,
    says: /is not FTP \(port \d+: no reply of FTP: HTTP\/1\.1 400 Bad Request\)/,
    serve: (socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  },
  { name: "silence", code: 4, says: /is not FTP \(port \d+: silence for 0\.3 s\)/, serve: () => {} },
  {
    name: "a banner without end",
    code: 4,
    says: /is not FTP \(port \d+: no reply of FTP: 220-x{10}/,
    serve: (socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(`220-${"x".repeat(65_000)}\r\n`));
      };
      socket.on("drain", more);
      more();
    },
  },
  {
    name: "a TLS alert",
    code: 4,
    says: /is not FTP \(port \d+: no reply of FTP: an alert of TLS\)/,
    serve: (socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])),
  },
  {
    name: "a connection that ends at once",
    code: 4,
    says: /is not FTP .*connection closed/,
    serve: (socket) => socket.end(),
  },
  {
    name: "a server that is forbidden",
    code: 6,
    says: /^127\.0\.0\.1 leads to 127\.0\.0\.1, which the policy does not let anybody inspect\.$/,
    options: { permits: () => false },
    serve: () => assert.fail("somebody connected"),
  },
  {
    name: "a server that there is not enough time for",
    code: 5,
    says: /^$/,
    options: { maxTimeMs: 400 },
    serve: (socket) => {
      socket.write("220 ready\r\n");
      socket.on("data", () => setTimeout(() => socket.write("500 no\r\n"), 100));
    },
  },
];

for (const { name, code, says, options, serve } of strangers) {
  test(`${name} ends with ${code}`, async () => {
    const server = net.createServer((socket) => serve(socket.on("error", () => {})));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const explicit = typeof address === "object" && address !== null ? address.port : 0;
    const found = await inspect("127.0.0.1", { ports: { explicit, implicit: "off" }, timeoutMs: 300, ...options });
    server.close();
    assert.equal(exitCodeOf(found), code);
    assert.match(isFailure(found) ? failureSentence(found) : "", says);
  });
}

test("the process waits out a 421 although every connection is closed then", async () => {
  let connectionsCount = 0;
  const server = net.createServer((socket) => {
    connectionsCount += 1;
    socket.on("error", () => {}).end(connectionsCount === 1 ? "421 Too many connections\r\n" : "SSH-2.0-Fake\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const { code, stderr } = await runSallyport(["inspect", `127.0.0.1:${port}`, "--implicit-port", "off"]);
  server.close();
  assert.equal(code, 4, stderr);
  assert.match(stderr, /^sallyport: What answers at 127\.0\.0\.1 is not FTP [^\n]*SSH-2\.0-Fake[^\n]*\n$/);
  assert.equal(connectionsCount, 2);
});

test("a name that does not resolve, and a port where nobody listens, end with 3", async () => {
  const unknown = await inspect("nothing.invalid");
  assert.equal(exitCodeOf(unknown), 3);
  assert.ok(isFailure(unknown));
  assert.equal(failureSentence(unknown), "No address is known for nothing.invalid: check the name.");
  const refused = await inspect("127.0.0.1", { ports: { explicit: 1, implicit: "off" } });
  assert.equal(exitCodeOf(refused), 3);
  assert.ok(isFailure(refused));
  assert.match(failureSentence(refused), /^Nothing answers at 127\.0\.0\.1 \(port 1: ECONNREFUSED\)/);
});

test("of several servers the highest counts, of none it is good", () => {
  assert.equal(worstOf([0, 3, 1]), 3);
  assert.equal(worstOf([]), 0);
});
