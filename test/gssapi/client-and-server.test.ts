import { type Client, type ClientOptions, connect } from "@sallyport/client";
import { gssapiMechanism } from "@sallyport/gssapi";
import { type Kdc, kdcNeeds, mockMechanism, needs, startKdc, type TestServer } from "@sallyport/testing";
import type { SecurityMechanism } from "@sallyport/transport";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { everyOperation } from "../../packages/client/test/every-operation.ts";
import { startKerberosServer } from "./kerberos-server.ts";

interface Realm extends AsyncDisposable {
  readonly client: SecurityMechanism;
  readonly server: SecurityMechanism;
}

async function mockRealm(): Promise<Realm> {
  const mechanism = mockMechanism();
  return { client: mechanism, server: mechanism, [Symbol.asyncDispose]: () => mechanism[Symbol.asyncDispose]() };
}

async function kerberosRealm(): Promise<Realm> {
  const kdc = await startKdc();
  const [client, server] = [await clientOf(kdc), mechanismOf(kdc)];
  return {
    client,
    server,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([client[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
      await kdc[Symbol.asyncDispose]();
    },
  };
}

async function clientOf(kdc: Kdc): Promise<SecurityMechanism> {
  return mechanismOf(kdc, { credentialCache: await kdc.tickets("alice") });
}

function mechanismOf(kdc: Kdc, options: Parameters<typeof gssapiMechanism>[0] = {}): SecurityMechanism {
  const { configFile, keytab, environment, directory } = kdc;
  const cache = { KRB5RCACHEDIR: environment["KRB5RCACHEDIR"] ?? directory };
  return gssapiMechanism({ configFile, keytab, environment: cache, ...options });
}

function connectTo(
  { explicitPort }: TestServer,
  { client: mechanism }: Realm,
  options: ClientOptions = {},
): Promise<Client> {
  return connect(`ftp://alice@127.0.0.1:${explicitPort}`, {
    ...options,
    gssapi: { mechanism, host: "localhost", ...options.gssapi },
  });
}

const realms = [
  { name: "mock", start: mockRealm, skip: false },
  { name: "Kerberos", start: kerberosRealm, skip: needs(...kdcNeeds) },
] as const;

for (const { name, start, skip } of realms) {
  void describe(`our client and our server, ${name}`, { skip }, async () => {
    if (skip !== false) return;
    const realm = await start();
    const server = await startKerberosServer(realm.server, { listener: { requireTls: "login" } });
    after(async () => {
      await server[Symbol.asyncDispose]();
      await realm[Symbol.asyncDispose]();
    });

    for (const level of ["C", "S", "P"] as const) {
      void test(`R-GSS-05 everything that a client does, under PROT ${level}`, async () => {
        await using client = await connectTo(server, realm, { dataProtection: level });
        await everyOperation(client, server.directory);
      });
    }

    void test("R-GSS-05 files of sizes around that of a block arrive as they were", async () => {
      await using client = await connectTo(server, realm);
      for (const size of [0, 1, 262_083, 262_084, 262_085, 1_048_575, 1_048_576, 1_048_577, 10 * 1024 * 1024]) {
        const content = randomBytes(size);
        await client.write("sized", content);
        assert.ok(content.equals(await readFile(join(server.directory, "sized"))), `up ${size}`);
        const back = await new Response(await client.read("sized")).bytes();
        assert.ok(content.equals(back), `down ${size}`);
      }
    });

    void test("R-2228-15 compressed files and the rest of one arrive as they were", async () => {
      const content = randomBytes(3_000_000).fill(7, 1_000_000, 2_000_000);
      await using client = await connectTo(server, realm, { compression: "on", dataProtection: "S" });
      using lease = await client.checkout();
      await client.write("whole", content);
      assert.ok(content.equals(await readFile(join(server.directory, "whole"))));
      const rest = await new Response(await client.read("whole", { start: 2_000_003 })).bytes();
      assert.ok(content.subarray(2_000_003).equals(rest));
      assert.ok(lease.connection.gssapi !== undefined);
    });

    void test("R-959-61 a download that is given up leaves the connection in step", async () => {
      await using client = await connectTo(server, realm, { pool: { max: 1 } });
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
      await using client = await connectTo(server, realm, { encoding: "windows-1252" });
      await client.write("ÿÿ þ ü.txt", "x", { atomic: false });
      const names = (await Array.fromAsync(client.list())).map((entry) => entry.name);
      assert.ok(names.includes("ÿÿ þ ü.txt"));
      await client.remove("ÿÿ þ ü.txt");
    });

    void test("R-GSS-06 each control connection of a pool has a context of its own", async () => {
      await using client = await connectTo(server, realm, { pool: { max: 3 } });
      const content = randomBytes(2_000_000);
      await client.write("shared", content);
      const all = await Promise.all([1, 2, 3].map(async () => new Response(await client.read("shared")).bytes()));
      assert.ok(all.every((bytes) => content.equals(bytes)));
    });

    void test("R-GSS-05 the server opens data connections, too", async () => {
      await using client = await connectTo(server, realm, { data: { mode: "active" } });
      await client.write("active", "by PORT");
      assert.equal(await new Response(await client.read("active")).text(), "by PORT");
    });

    void test("R-2228-11 commands that are sealed alone (MIC) do as well", async () => {
      const gssapi = { mechanism: realm.client, host: "localhost", commands: "safe" as const };
      await using client = await connectTo(server, realm, { gssapi });
      await client.write("mic", "x");
      assert.equal(await client.exists("mic"), true);
    });

    void test("R-2228-31 a name that the ticket is not for is refused, and no password is tried", async () => {
      const wrong = connectTo(server, realm, { user: "bob", password: "secret" });
      await assert.rejects(wrong, { code: "SALLYPORT_LOGIN_REFUSED" });
    });
  });
}
