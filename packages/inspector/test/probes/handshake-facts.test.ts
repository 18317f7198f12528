import assert from "node:assert/strict";
import * as tls from "node:tls";
import { connect } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { WireTap } from "@sallyport/transport";
import { makeTestIdentity, type TestIdentity } from "@sallyport/testing";
import { handshakeFacts, type HandshakeFacts } from "../../src/probes/handshake-facts.ts";
import { WireEnd } from "../../src/probes/wire-end.ts";

const elliptic = makeTestIdentity({ names: ["localhost"] });
const rsa = makeTestIdentity({ names: ["localhost"], keyType: "rsa" });

describe("what the server's messages say is read, also where TLS 1.3 hides it", () => {
  for (const maxVersion of ["TLSv1.3", "TLSv1.2"] as const) {
    test(`${maxVersion}: names of client authorities, and how the server signed`, async () => {
      const { facts, sent } = await shake(elliptic, { maxVersion, requestCert: true });
      assert.deepEqual(facts.clientAuthorities, ["CN=Test authority default"]);
      assert.equal(facts.signature?.type, "ECDSA");
      assert.match(facts.signature.digest ?? "", /^SHA\d+$/);
      assert.equal(facts.renegotiation, maxVersion === "TLSv1.3" ? "none" : "secure");
      assert.equal(facts.compression, "none");
      assert.equal(facts.earlyDataBytes, undefined);
      assert.equal(facts.ticketLifetimeSeconds, maxVersion === "TLSv1.3" ? 7200 : undefined);
      assert.equal(sent, 2);
    });
  }

  test("no certificate is asked for, and RSA signs with PSS", async () => {
    const { facts } = await shake(rsa, {});
    assert.equal(facts.clientAuthorities, undefined);
    assert.equal(facts.signature?.type, "RSA-PSS");
  });
});

async function shake(
  identity: TestIdentity,
  options: tls.TlsOptions,
): Promise<{ readonly facts: HandshakeFacts; readonly sent: number }> {
  const server = tls.createServer({
    key: identity.key,
    cert: identity.certificate,
    ca: identity.ca,
    rejectUnauthorized: false,
    ...options,
  });
  server.on("secureConnection", (socket) => socket.on("error", () => {}).end("220 ready\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const tcp = connect({ host: "127.0.0.1", port: typeof address === "object" && address ? address.port : 0 });
  const end = new WireEnd();
  const socket = tls.connect({ socket: new WireTap(tcp, end), rejectUnauthorized: false });
  end.tlsBegins();
  const { watch } = end;
  socket.on("keylog", (line: Buffer) => watch.learn(line.toString("latin1")));
  await once(socket.resume(), "end");
  socket.destroy();
  server.close();
  const seen = () => watch.seen();
  return { facts: handshakeFacts({ seen }), sent: seen().sent.length };
}
