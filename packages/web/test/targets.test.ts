import type { DialOptions } from "@sallyport/transport";
import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { suite, test } from "node:test";
import { kindOfAddress } from "../src/gateway/targets/forbidden-addresses.ts";
import { bounds } from "../src/gateway/bounds.ts";
import { sharesOfExplanations } from "../src/gateway/routes/explanations.ts";
import { pinnedDialer } from "../src/gateway/targets/pinned-dialer.ts";
import { isOwnAddress, TargetPolicy, type TargetRules } from "../src/gateway/targets/target-policy.ts";

const closed: TargetRules = { allowsLoopback: false, allowsPrivate: false, allowed: [], onlyAllowed: false };
const dialOptions: DialOptions = { timeoutMs: 2_000 };

/** Addresses that lead to this machine, its networks, or to nobody; by how they can be written. */
const forbidden = [
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "10.255.255.255",
  "100.64.0.1",
  "100.127.255.254",
  "127.0.0.1",
  "127.0.0.2",
  "127.255.255.254",
  "169.254.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.1",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.0.1",
  "192.168.255.254",
  "198.18.0.1",
  "198.19.255.255",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "0:0:0:0:0:0:0:1",
  "::0001",
  "::127.0.0.1",
  "::7f00:1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::FFFF:127.0.0.1",
  "0:0:0:0:0:ffff:127.0.0.1",
  "0:0:0:0:0:ffff:7f00:1",
  "0000:0000:0000:0000:0000:ffff:7f00:0001",
  "::ffff:10.0.0.1",
  "::ffff:a00:1",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "::ffff:192.168.1.1",
  "::ffff:0:0",
  "::ffff:0:127.0.0.1",
  "::ffff:0:7f00:1",
  "4000::1",
  "5f00::1",
  "8000::1",
  "64:ff9b::127.0.0.1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:a9fe:a9fe::1",
  "3fff::1",
  "fc00::1",
  "fd00:ec2::254",
  "fdff:ffff::1",
  "fe80::1",
  "fe80::1%lo",
  "fec0::1",
  "ff02::1",
  "not an address",
  "",
];

suite("Targets", () => {
  test(`${forbidden.length} addresses of this machine, its networks and of nobody are refused`, () => {
    const policy = new TargetPolicy(closed);
    const reached = forbidden.filter((address) => policy.permits({ host: "ftp.example.com", port: 21 }, address));
    assert.deepEqual(reached, []);
  });

  test("an address of this machine is its own however it is written, and no way behind its firewall", () => {
    const policy = new TargetPolicy(closed);
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const spelled = own.flatMap(({ address, family }) =>
      family === "IPv6"
        ? [address, address.replace("::", ":0::"), address.toUpperCase()]
        : [address, `::ffff:${address}`],
    );
    const reached = spelled.filter((address) => policy.permits({ host: "ftp.example.com", port: 21 }, address));
    assert.deepEqual(reached, []);
    // One that is written as in no list of the system's is compared all the same.
    assert.ok(isOwnAddress("::FFFF:192.0.2.1", ["192.0.2.1"]) && isOwnAddress("2600:0:0::1", ["2600::1"]));
  });

  test("addresses of the internet are reached", () => {
    const found = ["8.8.8.8", "172.32.0.1", "11.0.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"];
    assert.deepEqual(
      found.map((address) => kindOfAddress(address)),
      found.map(() => "public"),
    );
  });

  test("what is allowed is reached wherever it is, and with onlyAllowed nothing else", () => {
    const allowed = ["nas.local", "*.corp.example:990", "10.1.0.0/16", "[fd00::1]:21", "192.168.7.7:2121"];
    const policy = new TargetPolicy({ ...closed, allowed, onlyAllowed: true });
    const permits = (host: string, port: number, address: string): boolean => policy.permits({ host, port }, address);
    assert.ok(permits("NAS.local", 21, "192.168.0.9"));
    assert.ok(permits("ftp.corp.example", 990, "10.9.9.9"));
    assert.ok(permits("anything", 21, "10.1.200.3"));
    assert.ok(permits("v6", 21, "fd00::1"));
    assert.ok(permits("192.168.7.7", 2121, "192.168.7.7"));
    assert.ok(!permits("ftp.corp.example", 21, "10.9.9.9"));
    assert.ok(!permits("corp.example", 990, "10.9.9.9"));
    assert.ok(!permits("evilcorp.example", 990, "10.9.9.9"));
    assert.ok(!permits("192.168.7.7", 21, "192.168.7.7"));
    assert.ok(!permits("ftp.example.com", 21, "8.8.8.8"));
    assert.throws(() => new TargetPolicy({ ...closed, allowed: ["a b:c"] }), { code: "SALLYPORT_TARGET_PATTERN" });
  });

  test("a name that leads elsewhere the second time (DNS rebinding) stays where it was", async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    let lookups = 0;
    const dialer = pinnedDialer({
      policy: new TargetPolicy({ ...closed, allowsLoopback: true }),
      resolve: async (_, family) => (family === 6 ? [] : [lookups++ === 0 ? "127.0.0.1" : "10.0.0.1"]),
    });
    for (let turn = 0; turn < 2; turn++) {
      const socket = await dialer.dial({ host: "rebound.example", port }, dialOptions);
      assert.equal(socket.remoteAddress, "127.0.0.1");
      socket.destroy();
    }
    assert.equal(lookups, 1);
    await assert.rejects(dialer.dial({ host: "rebound.example", port: 22 }, dialOptions), {
      code: "SALLYPORT_TARGET_REFUSED",
    });
    server.close();
  });

  test("two connections at the same time lead to one address of a name, or one of them nowhere", async () => {
    const servers = ["127.0.0.1", "127.0.0.2"].map((address) =>
      createServer((socket) => socket.end()).listen(0, address),
    );
    await Promise.all(servers.map((server) => once(server, "listening")));
    const dialer = pinnedDialer({
      policy: new TargetPolicy({ ...closed, allowsLoopback: true }),
      resolve: async (_, family) => (family === 6 ? [] : ["127.0.0.1", "127.0.0.2"]),
    });
    const dialled = await Promise.allSettled(
      servers.map((server) =>
        dialer.dial({ host: "two.example", port: (server.address() as AddressInfo).port }, dialOptions),
      ),
    );
    const reached = dialled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    assert.equal(reached.length, 1);
    for (const socket of reached) socket.destroy();
    for (const server of servers) server.close();
  });

  test("so many explanations run for one address, and for all, and no more", () => {
    const running = sharesOfExplanations();
    const ofOne = Array.from({ length: bounds.explanationsPerHost }, () => running.begin("192.0.2.1"));
    assert.throws(() => running.begin("192.0.2.1"), { code: "SALLYPORT_TOO_OFTEN" });
    for (const each of ofOne) each[Symbol.dispose]();
    running.begin("192.0.2.1")[Symbol.dispose]();
    for (let host = 0; host < bounds.explanationsCount; host++) running.begin(`198.51.100.${host}`);
    assert.throws(() => running.begin("203.0.113.1"), { code: "SALLYPORT_TOO_OFTEN" });
  });

  test("of a host that is allowed with its port, the other control port is still refused", async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const other = port === 65_535 ? port - 1 : port + 1;
    const policy = new TargetPolicy({ ...closed, allowed: [`127.0.0.1:${port}`], onlyAllowed: true });
    const dialer = pinnedDialer({ policy, controlPorts: [port, other] });
    (await dialer.dial({ host: "127.0.0.1", port }, dialOptions)).destroy();
    for (const refused of [other, 990]) {
      await assert.rejects(dialer.dial({ host: "127.0.0.1", port: refused }, dialOptions), {
        code: "SALLYPORT_TARGET_REFUSED",
      });
    }
    server.close();
  });

  test("a host with a public and a private address is reached by the public one alone", async () => {
    const dialer = pinnedDialer({
      policy: new TargetPolicy(closed),
      resolve: async (_, family) => (family === 6 ? ["::1"] : ["127.0.0.1", "192.168.0.1"]),
    });
    await assert.rejects(dialer.dial({ host: "mixed.example", port: 21 }, dialOptions), {
      code: "SALLYPORT_TARGET_REFUSED",
    });
    for (const host of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      await assert.rejects(dialer.dial({ host, port: 21 }, dialOptions), { code: "SALLYPORT_TARGET_REFUSED" });
    }
  });
});
