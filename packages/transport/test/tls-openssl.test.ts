import { octetsFromText } from "@sallyport/protocol";
import { ServerTlsProfile } from "@sallyport/transport";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { identity, listenForControl, type RecordedControl, until } from "./tls-peer.ts";

const profile = await ServerTlsProfile.create({ identities: [identity] });

interface Client extends AsyncDisposable {
  /** All that it printed, on both outputs. */
  readonly printed: () => string;
  readonly control: RecordedControl;
  type(text: string): void;
  exited(): Promise<number | null>;
}

/** Runs `openssl s_client` against a server that greets inside TLS, as on the implicit port. */
async function sClient(...options: string[]): Promise<Client> {
  const controls: RecordedControl[] = [];
  const server = await listenForControl((control) => {
    controls.push(control);
    control.connection.startTls(profile).then(
      () => control.connection.write(octetsFromText("220 ready\r\n")),
      () => {},
    );
  });
  const program = ["s_client", "-connect", `127.0.0.1:${server.port}`, "-CAfile", identity.caFile];
  const child = spawn("openssl", [...program, ...options], { stdio: "pipe" });
  let printed = "";
  child.stdout.setEncoding("latin1").on("data", (text: string) => (printed += text));
  child.stderr.setEncoding("latin1").on("data", (text: string) => (printed += text));
  child.stdin.on("error", () => {});
  const exit = once(child, "close") as Promise<[number | null]>;
  await until("the connection", () => controls.length > 0, 5000);
  const [control] = controls;
  assert.ok(control);
  return {
    printed: () => printed,
    control,
    type: (text) => child.stdin.write(text),
    exited: async () => (await exit)[0],
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exit;
      await server[Symbol.asyncDispose]();
    },
  };
}

test("T-02 the implicit port to s_client: verified chain, 220 inside TLS 1.3, nothing odd", async () => {
  await using client = await sClient("-servername", "localhost", "-verify_hostname", "localhost", "-showcerts");
  await until("the greeting", () => client.printed().includes("220 ready"), 5000);
  const printed = client.printed();
  assert.match(printed, /New, TLSv1\.3, Cipher is TLS_AES_256_GCM_SHA384/);
  assert.match(printed, /Verify return code: 0 \(ok\)/);
  assert.match(printed, /No ALPN negotiated/);
  assert.match(printed, /Early data was not sent/);
  assert.match(printed, /No client certificate CA names sent/);
  assert.match(printed, /Server Temp Key: X25519/);
  assert.equal(printed.match(/-----BEGIN CERTIFICATE-----/g)?.length, 2, "leaf and its authority");
  assert.ok(printed.indexOf("220 ready") > printed.indexOf("CONNECTED"));
  client.type("FEAT\n");
  await until("the line", () => client.control.heard() === "FEAT\n");
});

test("R-TLS-01 s_client with TLS 1.1 gets a protocol_version alert", async () => {
  await using client = await sClient("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0");
  assert.equal(await client.exited(), 1);
  assert.match(client.printed(), /alert protocol version/);
  assert.equal(client.control.closed()?.ending, "tls-refused");
});

test("R-TLS-02 s_client with CBC or static RSA gets a handshake_failure alert", async () => {
  for (const suite of ["ECDHE-ECDSA-AES256-SHA", "AES128-GCM-SHA256"]) {
    await using client = await sClient("-tls1_2", "-cipher", suite);
    assert.equal(await client.exited(), 1);
    assert.match(client.printed(), /handshake failure/);
  }
});

test("S-16 s_client asks for renegotiation and is refused", async () => {
  await using client = await sClient("-tls1_2");
  await until("the greeting", () => client.printed().includes("220 ready"), 5000);
  assert.match(client.printed(), /Secure Renegotiation IS supported/);
  for (let count = 0; count < 5; count++) client.type("R\n");
  await until("the refusal", () => /no renegotiation/i.test(client.printed()), 5000);
  assert.equal(client.printed().match(/RENEGOTIATING/g)?.length, 1, "s_client ends at the first");
});

test("R-TLS-03 s_client with TLS 1.2 reports extended master secret", async () => {
  await using client = await sClient("-tls1_2");
  await until("the greeting", () => client.printed().includes("220 ready"), 5000);
  assert.match(client.printed(), /Extended master secret: yes/);
  assert.match(client.printed(), /Compression: NONE/);
  assert.match(client.printed(), /Cipher is ECDHE-ECDSA-AES256-GCM-SHA384/);
});

test("S-04 a browser's ALPN gets no_application_protocol", async () => {
  await using client = await sClient("-alpn", "h2,http/1.1");
  assert.equal(await client.exited(), 1);
  assert.match(client.printed(), /no application protocol/);
});
