import { connect } from "@sallyport/client";
import {
  makeTestIdentity,
  needs,
  type Peer,
  peerNeeds,
  startProftpd,
  startPureFtpd,
  startVsftpd,
} from "@sallyport/testing";
import { directDialer } from "@sallyport/transport";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { type Product, provoke, type Provocation, put } from "./provocation.ts";

/** What fails with any server, by how it is asked. */
const anyServer: readonly Provocation[] = [
  {
    cause: "certificate-unknown-issuer",
    here: /--ca FILE.*--pin/,
    options: { tls: { ca: makeTestIdentity({ names: ["localhost"], authority: "of others" }).ca } },
  },
  { cause: "certificate-name", here: /--servername/, options: { tls: { servername: "ftp.example.org" } } },
  { cause: "key-changed", options: { tls: { pins: [`sha256/${"A".repeat(43)}=`] } } },
];

const vsftpd: Product = {
  name: "vsftpd",
  strict: () =>
    startVsftpd({
      options: [
        "force_local_logins_ssl=YES",
        "force_local_data_ssl=YES",
        "port_enable=NO",
        "write_enable=NO",
        "pasv_address=192.0.2.1",
        "cmds_denied=EPSV",
        "max_per_ip=2",
        "delay_failed_login=0",
        "ssl_ciphers=AES128-SHA",
      ],
    }),
  mended: () => startVsftpd({ options: ["require_ssl_reuse=NO"] }),
  provocations: [
    {
      cause: "data-not-resumed",
      setting: /require_ssl_reuse=NO/,
      here: /tls\.resumption/,
      options: { tls: { resumption: "off" } },
      vanishes: true,
    },
    {
      cause: "passive-address-foreign",
      setting: /pasv_address/,
      here: /passiveAddress: "control"/,
      options: { data: { passiveAddress: "trust" } },
      vanishes: true,
    },
    {
      cause: "tls-required",
      setting: /force_local_logins_ssl=NO/,
      here: /--explicit/,
      options: { security: "plain" },
      vanishes: true,
    },
    {
      cause: "data-protection-required",
      setting: /force_local_data_ssl=NO/,
      here: /dataProtection: "P"/,
      options: { dataProtection: "C" },
      vanishes: true,
    },
    {
      cause: "active-refused",
      setting: /port_enable=YES/,
      here: /mode: "passive"/,
      options: { data: { mode: "active" } },
      vanishes: true,
    },
    { cause: "writing-off", setting: /write_enable=YES/, ask: (client) => put(client, "up.txt"), vanishes: true },
    { cause: "tls-suites", setting: /ssl_ciphers=HIGH/, options: { tls: { maxVersion: "TLSv1.2" } }, vanishes: true },
    { cause: "too-many-connections", setting: /max_per_ip/, here: /max: 1/, ask: threeLogins, vanishes: true },
    { cause: "password-wrong", setting: /pam_service_name/, login: "alice:wrong" },
    { cause: "anonymous-off", setting: /anonymous_enable=YES/, here: /--user/, login: "anonymous" },
    {
      cause: "port-begins-in-clear",
      setting: /implicit_ssl=YES/,
      here: /--explicit/,
      options: { security: "implicit" },
    },
    {
      cause: "port-wants-tls-at-once",
      here: /--implicit/,
      port: "implicitPort",
      options: { timeouts: { greeting: 300 } },
    },
    { cause: "not-there", setting: /chroot_local_user/, ask: (client) => client.stat("missing") },
    ...anyServer,
  ],
};

const proftpd: Product = {
  name: "ProFTPD",
  strict: () =>
    startProftpd({
      directives: [
        "TLSRequired on",
        "MasqueradeAddress 192.0.2.1",
        "<Limit EPSV EPRT PORT>",
        "DenyAll",
        "</Limit>",
        "AllowOverwrite off",
        "PathDenyFilter forbidden",
        "AllowRetrieveRestart off",
        "MaxStoreFileSize 1 Kb",
        "MaxClientsPerHost 2",
        "<Limit DELE>",
        "DenyAll",
        "</Limit>",
      ],
    }),
  mended: () => startProftpd({ tlsOptions: ["NoSessionReuseRequired"] }),
  provocations: [
    {
      cause: "data-not-resumed",
      setting: /NoSessionReuseRequired/,
      options: { tls: { resumption: "off" } },
      vanishes: true,
    },
    {
      cause: "passive-address-foreign",
      setting: /MasqueradeAddress/,
      options: { data: { passiveAddress: "trust" } },
      vanishes: true,
    },
    { cause: "tls-required", setting: /TLSRequired off/, options: { security: "plain" }, vanishes: true },
    { cause: "data-protection-required", setting: /TLSRequired/, options: { dataProtection: "C" }, vanishes: true },
    { cause: "active-refused", setting: /<Limit EPRT PORT>/, options: { data: { mode: "active" } }, vanishes: true },
    { cause: "writing-off", setting: /<Limit WRITE>/, ask: (client) => client.remove("empty"), vanishes: true },
    {
      cause: "overwrite-denied",
      setting: /AllowOverwrite on/,
      here: /--on-existing/,
      ask: (client) => client.write("hello.txt", Buffer.from("x"), { atomic: false }),
      vanishes: true,
    },
    { cause: "name-forbidden", setting: /PathDenyFilter/, ask: (client) => put(client, "forbidden"), vanishes: true },
    {
      cause: "restart-refused",
      setting: /AllowRetrieveRestart on/,
      ask: async (client) => Array.fromAsync(await client.read("random.bin", { start: 1000 })),
      vanishes: true,
    },
    {
      cause: "quota-or-disk-full",
      setting: /MaxStoreFileSize/,
      ask: (client) => put(client, "large", "x".repeat(100_000)),
      vanishes: true,
    },
    { cause: "too-many-connections", setting: /MaxClientsPerHost/, ask: threeLogins, vanishes: true },
    { cause: "password-wrong", setting: /AuthUserFile/, login: "alice:wrong" },
  ],
};

const pureFtpd: Product = {
  name: "Pure-FTPd",
  strict: () => startPureFtpd({ tls: "data", options: ["-x", "-C", "2", "-n", "20:1"] }),
  mended: () => startPureFtpd(),
  provocations: [
    { cause: "tls-required", setting: /TLS 1 \(-Y 1\)/, options: { security: "plain" }, vanishes: true },
    { cause: "data-protection-required", setting: /TLS 2 \(-Y 2\)/, options: { dataProtection: "C" }, vanishes: true },
    {
      cause: "name-forbidden",
      setting: /-x/,
      here: /atomic: false/,
      ask: (client) => put(client, "x"),
      vanishes: true,
    },
    {
      cause: "quota-or-disk-full",
      setting: /Quota \(-n\)/,
      ask: (client) => client.write("large", Buffer.alloc(2_000_000), { atomic: false }),
      vanishes: true,
    },
    {
      cause: "passive-ports-blocked",
      setting: /PassivePortRange \(-p\)/,
      here: /--active/,
      // Nothing listens on port 1: what a firewall does that refuses.
      options: ({ explicitPort }) => ({
        proxy: {
          dial: (target, options) =>
            directDialer().dial(target.port === explicitPort ? target : { ...target, port: 1 }, options),
        },
      }),
    },
    { cause: "too-many-connections", setting: /MaxClientsPerIP \(-C\)/, ask: threeLogins, vanishes: true },
  ],
};

test("failures with vsftpd are explained", { skip: needs(...peerNeeds.vsftpd) }, (t) => provoke(t, vsftpd));
test("failures with ProFTPD are explained", { skip: needs(...peerNeeds.proftpd) }, (t) => provoke(t, proftpd));
test("failures with Pure-FTPd are explained", { skip: needs(...peerNeeds.pureFtpd) }, (t) => provoke(t, pureFtpd));

/** Two more than the one that asks. */
async function threeLogins(_: unknown, peer: Peer): Promise<void> {
  const login = async () =>
    connect(`${peer.user}:${peer.password}@localhost:${peer.explicitPort}`, {
      security: "explicit",
      retry: { attempts: 0 },
      tls: { ca: await readFile(peer.caFile) },
    });
  await using second = await login();
  assert.equal(second.server?.security, "explicit");
  await using third = await login();
  assert.notEqual(third, second);
}
