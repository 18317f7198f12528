import { octetsFromText } from "@sallyport/protocol";
import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesOf } from "../every-operation.ts";
import type { Handler } from "../scripted-server.ts";
import {
  content,
  explicit,
  identity,
  namesOf,
  type OddServer,
  serverTls,
  testOddServers,
  textOf,
} from "./odd-server.ts";

const unknown: Handler = () => "502 what";
const noMlst: Handler = () => "211-Features\r\n SIZE\r\n211 End";

const said =
  (pattern: RegExp, lines: readonly string[]): NonNullable<OddServer["after"]> =>
  ({ server }) =>
    assert.deepEqual(
      server.heard.filter((line) => pattern.test(line)),
      lines,
    );

const oldNames: readonly OddServer[] = [
  {
    name: "R-1123-08 directories are made and removed by the names from before RFC 959, where those alone are known",
    answers: {
      MKD: unknown,
      RMD: () => "500 what",
      DELE: () => "550 a directory",
      XMKD: (_, path) => `257 "${path}"`,
      XRMD: () => "250 gone",
    },
    ask: async ({ client }) => {
      await client.makeDirectory("a");
      await client.remove("a");
    },
    after: said(/^X?(?:MKD|RMD)/, ["MKD a", "XMKD a", "RMD a", "XRMD a"]),
  },
  {
    name: "R-1123-08 a directory is gone into and left by the old names",
    answers: {
      FEAT: noMlst,
      PWD: unknown,
      CWD: unknown,
      XPWD: () => '257 "/home"',
      XCWD: () => "250 there",
      LIST: async (login) => {
        login.reply("150 coming");
        (await login.data()).end("-rw-r--r-- 1 u g 3 Jan 01 2024 x\r\n");
        return "226 done";
      },
    },
    ask: (scene) => namesOf(scene, "some [dir]"),
    gives: ["x"],
    after: said(/^XCWD/, ["XCWD some [dir]", "XCWD /home"]),
  },
  {
    name: "R-1123-08 where neither name is known, the refusal of the newer one is told",
    answers: { MKD: unknown, XMKD: () => "500 nor this" },
    ask: ({ client }) => client.makeDirectory("a"),
    fails: { code: "SALLYPORT_COMMAND_REFUSED", command: "MKD a", reply: { code: 502, lines: ["what"] } },
  },
  {
    name: "R-1123-08 a refusal for another reason is no reason to try the old name",
    answers: { MKD: () => "550 exists" },
    ask: ({ client }) => client.makeDirectory("a"),
    fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 550 } },
    after: said(/^XMKD/, []),
  },
];

let isUnix = false;

const others: readonly OddServer[] = [
  {
    name: "R-CLI-09 OS/400 is asked for names with slashes, and then where it is once more (1102, 1103)",
    answers: {
      FEAT: noMlst,
      PWD: () => (isUnix ? '257 "/QSYS.LIB/ALICE.LIB"' : '257 "ALICE" is current library.'),
      SYST: () => "215  OS/400 is the remote operating system.",
      SITE: (_, argument) => {
        isUnix = argument === "NAMEFMT 1";
        return "250 Now using naming format 1.";
      },
      LIST: async (login) => {
        login.reply("150 coming");
        (await login.data()).end("ALICE 12 11/22/26 10:00:00 *STMF x\r\n");
        return "226 done";
      },
    },
    ask: (scene) => namesOf(scene, "some [dir]"),
    gives: ["x"],
    after: said(/^(?:SYST|SITE|CWD)/, ["SYST", "SITE NAMEFMT 1", "CWD some [dir]", "CWD /QSYS.LIB/ALICE.LIB"]),
  },
  {
    name: "R-CLI-05 421 to CWD ends the connection, and what was asked is asked on another (1120)",
    answers: {
      FEAT: noMlst,
      CWD: (login, path) => {
        if (cwds++ > 0) return "250 ok";
        login.reply(`421 ${path}? Timeout`);
        login.control.end();
        return undefined;
      },
      LIST: async (login) => {
        login.reply("150 coming");
        (await login.data()).end("-rw-r--r-- 1 u g 3 Jan 01 2024 x\r\n");
        return "226 done";
      },
    },
    options: { retry: { attempts: 1, firstDelayMs: 1 } },
    ask: (scene) => namesOf(scene, "some [dir]"),
    gives: ["x"],
    afterwards: "reconnects",
  },
  {
    name: "R-1123-10 a command is sent as it was typed, and its whole reply comes back",
    answers: { SITE: (_, argument) => `214-what ${argument}\r\n knows\r\n214 end` },
    ask: async ({ client }) => client.raw("SITE help  Me "),
    gives: { code: 214, lines: ["what help  Me ", " knows", "end"].map((line) => octetsFromText(line)) },
  },
  {
    name: "R-4217-41 REIN is never sent: a new login is a new connection",
    ask: ({ client }) => client.raw("rein"),
    fails: { code: "SALLYPORT_VERB_RESERVED", name: "UsageError" },
    after: said(/^REIN/i, []),
  },
  {
    ...explicit,
    name: "R-4217-05 USER is sent, also with a client certificate that 232 takes for the login",
    tls: { tls: { ...serverTls, ca: identity.ca, requestCert: true, rejectUnauthorized: false } },
    options: (() => {
      const { certificate: cert, key } = makeTestIdentity({ names: ["alice"], usage: "client" });
      return { security: "explicit", tls: { ca: identity.ca, cert, key } };
    })(),
    answers: { USER: () => "232 your certificate says so" },
    ask: textOf,
    gives: content,
    after: said(/^(?:USER|PASS)/, ["USER alice-4711"]),
  },
];

/** Octets that go out are looked at as they are: 255 begins a Telnet command unless it is doubled. */
const telnet: readonly OddServer[] = [
  {
    name: "R-1123-05 no Telnet command is sent, neither for names with 255 in them nor for an abort",
    answers: {
      GREETING: (login) => {
        login.tcp.on("data", (octets: Buffer) => sent.push(octets));
        return "220 ready \u00FF\u00FD\u0018";
      },
      DELE: () => "250 gone",
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).write("begins");
      },
      ABOR: () => "426 broken off\r\n226 aborted",
    },
    ask: async ({ client }) => {
      await client.remove("a\uDCFFb");
      const reading = client.read("file", { signal: AbortSignal.timeout(50) }).then(bytesOf);
      await assert.rejects(reading, { name: "TimeoutError" });
    },
    after: () => {
      const octets = Buffer.concat(sent).toString("latin1");
      assert.match(octets, /\r\nDELE a\u00FF\u00FFb\r\n/);
      assert.match(octets, /\r\nABOR\r\n/);
      assert.doesNotMatch(octets.replaceAll("\u00FF\u00FF", ""), /\u00FF/);
    },
  },
];

const bottomless: readonly OddServer[] = (["mirror", "remove"] as const).map((what) => ({
  name: `S-20 directories inside each other without end come to an end: ${what}`,
  answers: {
    DELE: () => "550 a directory",
    RMD: () => "550 not empty",
    MLSD: async (login) => {
      login.reply("150 coming");
      (await login.data()).end(`type=dir; ${"deeper".repeat(30)}\r\n`);
      return "226 done";
    },
  },
  ask: async ({ client }) => {
    if (what === "remove") return client.remove("top", { recursive: true }).catch(() => {});
    const folder = await mkdtemp(join(tmpdir(), "sallyport-odd-"));
    try {
      for await (const _ of client.sync({ remote: "" }, { local: join(folder, "target") }));
    } catch {
      // How it ends is not the point.
    } finally {
      await rm(folder, { recursive: true });
    }
    return undefined;
  },
}));

let cwds = 0;
const sent: Buffer[] = [];

testOddServers([...oldNames, ...others, ...telnet, ...bottomless]);
