import { connect, type ClientOptions } from "@sallyport/client";
import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { test } from "node:test";
import { realServers } from "../real-servers.ts";
import { type Handler, startScriptedServer } from "../scripted-server.ts";

const identity = makeTestIdentity({
  names: ["127.0.0.1", "localhost", "files.example.org", "elsewhere.example", "2001:db8::1"],
});
const tls = { cert: identity.certificate, key: identity.key };

async function dialogue(
  handlers: Readonly<Record<string, Handler>>,
  options: ClientOptions,
): Promise<readonly string[]> {
  await using server = await startScriptedServer(handlers, { tls });
  const url = `alice:secret@127.0.0.1:${server.port}`;
  await using _ = await connect(url, { security: "explicit", tls: { ca: identity.ca }, ...options });
  return [...server.heard];
}

test("R-7151-03 HOST names the host inside TLS, ahead of USER", async () => {
  const heard = await dialogue({}, { virtualHost: "files.example.org" });
  assert.deepEqual(heard.slice(0, 3), ["AUTH TLS", "HOST files.example.org", "USER alice"]);
  assert.ok((await dialogue({}, { virtualHost: true })).includes("HOST 127.0.0.1"));
  assert.ok((await dialogue({}, { virtualHost: "2001:db8::1" })).includes("HOST [2001:db8::1]"));
  assert.ok(!(await dialogue({}, {})).some((line) => line.startsWith("HOST")));
});

test("R-7151-03 HOST that is not known is no obstacle, a host that is not known is", async () => {
  assert.ok((await dialogue({ HOST: () => "502 what" }, { virtualHost: true })).includes("PASS secret"));
  let heard: readonly string[] = [];
  const refuse: Handler = () => "504 no such host";
  await assert.rejects(
    dialogue({ HOST: refuse, USER: (_, name) => void (heard = [name]) }, { virtualHost: "elsewhere.example" }),
    { code: "SALLYPORT_LOGIN_REFUSED" },
  );
  assert.deepEqual(heard, [], "nobody logs in at the wrong host");
  await assert.rejects(dialogue({}, { virtualHost: "a\r\nDELE b" }), { code: "SALLYPORT_HOST_INVALID" });
});

test("R-7151-03 the certificate has to be that of the host that HOST names", async () => {
  let heard: readonly string[] = [];
  const host: Handler = (_, name) => void (heard = [name]);
  await assert.rejects(dialogue({ HOST: host }, { virtualHost: "other.example.org" }), {
    code: "SALLYPORT_CERTIFICATE_NAME",
  });
  assert.deepEqual(heard, []);
  const servername = "localhost";
  await dialogue({}, { virtualHost: "other.example.org", tls: { ca: identity.ca, servername } });
});

test("lines after the login are said on each control connection, and must be taken", async () => {
  const heard = await dialogue({}, { afterLogin: ["SITE GROUP staff", "SITE UMASK 027"] });
  assert.deepEqual(heard.slice(-2), ["SITE GROUP staff", "SITE UMASK 027"]);
  await assert.rejects(dialogue({ SITE: () => "550 no" }, { afterLogin: ["SITE GROUP staff"] }), {
    code: "SALLYPORT_COMMAND_REFUSED",
  });
  await assert.rejects(dialogue({}, { afterLogin: ["PROT C"] }), { code: "SALLYPORT_VERB_RESERVED" });
});

test("IBM i is asked for paths with slashes, and may refuse", async () => {
  const greeting: Handler = () =>
    "220-QTCP at SYSTEM.EXAMPLE.ORG.\r\n220 Connection will close if idle more than 5 minutes.";
  assert.ok((await dialogue({ GREETING: greeting }, {})).includes("SITE NAMEFMT 1"));
  assert.ok((await dialogue({ GREETING: greeting, SITE: () => "500 no" }, {})).includes("SITE NAMEFMT 1"));
});

const [ours, proftpd] = ["Sallyport", "ProFTPD"].map((wanted) => realServers.find(({ name }) => name === wanted));

test("our server takes HOST", async () => {
  await using server = await ours?.start();
  const said: string[] = [];
  await using client = await server?.connect("explicit", {
    virtualHost: true,
    onTranscript: ({ text }) => said.push(text),
  });
  assert.match(said[said.indexOf("HOST localhost") + 1] ?? "", /^220/, said.join("\n"));
  assert.equal(await client?.exists("nothing"), false);
});

test("ProFTPD, which has no such host, refuses the login", { skip: proftpd?.skip ?? true }, async () => {
  await using server = await proftpd?.start();
  const connecting = server?.connect("explicit", {
    virtualHost: "elsewhere.example",
    tls: { servername: "localhost" },
  });
  await assert.rejects(connecting ?? Promise.resolve(), { code: "SALLYPORT_LOGIN_REFUSED" });
});
