import { ClientTls, DataConnection, proxyDialer } from "@sallyport/transport";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecureContext, TLSSocket } from "node:tls";
import { paths } from "../data-peer.ts";
import { keep, tlsProxy } from "../dialing/proxies.ts";
import { good, nextText, serving, tcpServer, tlsServer } from "./tls-server.ts";

const payload = Buffer.alloc(100_000, "payload ");

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const [name, hooks] of Object.entries(paths)) {
    for (const ending of ["close-notify", "fin-without-close-notify"] as const) {
      test(`R-TLS-20 S-11 TLS ${version} inside a proxy's TLS ends with ${ending}, path ${name}`, async () => {
        const context = createSecureContext({ ...serving(good), maxVersion: version });
        await using control = await tlsServer({ ...serving(good), maxVersion: version });
        await using data = await tcpServer((tcp) => {
          const socket = new TLSSocket(tcp, { isServer: true, secureContext: context });
          socket.on("error", () => {}).resume();
          socket.once("secure", () =>
            setImmediate(() => {
              if (ending === "close-notify") socket.end(payload);
              else socket.write(payload, () => setTimeout(() => tcp.end(), 20));
            }),
          );
        });
        await using proxy = await tlsProxy();
        const dialer = proxyDialer(`https://localhost:${proxy.port}`, { tls: { ca: good.ca } });
        const options = { timeoutMs: 5000 };
        const tls = await ClientTls.create({ host: "localhost", port: control.port, trust: { ca: good.ca } });
        const tcp = keep(await dialer.dial({ host: "127.0.0.1", port: control.port }, options));
        assert.ok(tcp instanceof TLSSocket);
        const { socket } = await tls.startControl(tcp, options);
        assert.equal(await nextText(socket), "220 ready\r\n");
        await using connection = new DataConnection(
          keep(await dialer.dial({ host: "127.0.0.1", port: data.port }, options)),
          {
            level: "P",
            tlsRole: "client",
            clientTls: await tls.dataOptions(),
            onClientTls: (one) => tls.dataStarted(one),
            hooks,
          },
        );
        connection.begin({ direction: "receive", level: "P" });
        await connection.ready();
        const received: Buffer[] = [];
        const { end } = await connection.receiveChunks((chunk) => void received.push(Buffer.from(chunk)));
        assert.ok(Buffer.concat(received).equals(payload));
        assert.equal(end, ending);
        socket.destroy();
      });
    }
  }
}
