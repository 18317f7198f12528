import { makeTestIdentity } from "@sallyport/testing";
import assert from "node:assert/strict";
import type { Handler } from "../scripted-server.ts";
import {
  content,
  ended,
  explicit,
  identity,
  type OddServer,
  pause,
  serverTls,
  testOddServers,
  textOf,
} from "./odd-server.ts";

const other = makeTestIdentity({ names: ["127.0.0.1", "localhost"], authority: "somebody else" });
const sameAuthority = makeTestIdentity({ names: ["127.0.0.1"], keyType: "rsa" });

/** The client said nothing but AUTH and QUIT. */
const saysNothingElse = /^SALLYPORT_(?:TLS_INJECTION|NOT_TLS|HANDSHAKE_FAILED|TLS_UNAVAILABLE)$/;

const refusing = (...replies: readonly string[]): Handler => {
  let at = 0;
  return () => replies[Math.min(at++, replies.length - 1)];
};

const injections: Readonly<Record<string, string>> = {
  "a login": "234 go\r\n230 in\r\n",
  "a whole dialogue": "234 go\r\n331 go\r\n230 in\r\n200 ok\r\n200 ok\r\n211 no features\r\n",
  "an empty line": "234 go\r\n\r\n",
  "one octet": "234 go\r\n2",
  "a reply of two lines": "234-go\r\n234 on\r\n230 in\r\n",
};

const stripped: readonly OddServer[] = [
  ...Object.entries(injections).map(([what, octets]): OddServer => ({
    ...explicit,
    name: `S-02 octets in clear behind 234 end it: ${what}`,
    answers: { AUTH: (login) => void login.control.write(octets) },
    fails: "SALLYPORT_TLS_INJECTION",
  })),
  {
    ...explicit,
    name: "S-02 octets in clear that come a moment after 234 are no handshake",
    answers: {
      AUTH: async (login) => {
        login.reply("234 go");
        await pause(30);
        login.reply("230 in");
      },
    },
    fails: saysNothingElse,
  },
  {
    ...explicit,
    name: "S-02 replies to commands that nobody sent yet, ahead of TLS, are no login (983)",
    answers: { AUTH: () => "502 no\r\n502 no\r\n331 go\r\n230 in\r\n200 ok\r\n200 ok\r\n211 none" },
    fails: /^SALLYPORT_(?:TLS_UNAVAILABLE|REPLY_UNSOLICITED)$/,
  },
  {
    ...explicit,
    name: "S-02 a second answer to the first AUTH is not the answer to the next",
    answers: { AUTH: (login) => void login.control.write("502 no\r\n234 go\r\n230 in\r\n") },
    fails: saysNothingElse,
  },
  {
    ...explicit,
    name: "S-02 a greeting 230 in clear is no login under TLS",
    answers: { GREETING: () => "230 in" },
    ask: textOf,
    gives: content,
    after: ({ server }) => assert.ok(server.heard.some((line) => line.startsWith("PASS "))),
  },
  {
    ...explicit,
    name: "S-03 a greeting 230, then no TLS: nothing more is said (986)",
    answers: { GREETING: () => "230 in", AUTH: () => "500 what" },
    fails: "SALLYPORT_TLS_UNAVAILABLE",
  },
  ...[500, 502, 504, 530, 534, 431].map((code): OddServer => ({
    ...explicit,
    name: `S-03 AUTH refused with ${code}: neither name nor password is sent`,
    answers: { AUTH: () => `${code} no` },
    fails: "SALLYPORT_TLS_UNAVAILABLE",
  })),
  {
    ...explicit,
    name: "S-03 AUTH answered by 421: the server goes, and no secret is sent",
    answers: { AUTH: () => "421 bye" },
    fails: "SALLYPORT_SERVICE_CLOSING",
  },
  {
    ...explicit,
    name: "S-03 AUTH answered by 334 asks for a token that TLS has not",
    answers: { AUTH: refusing("334 ADAT=Zm9v", "334 more") },
    fails: "SALLYPORT_TLS_UNAVAILABLE",
  },
  {
    ...explicit,
    name: "S-03 AUTH without an answer",
    answers: { AUTH: () => undefined },
    options: { ...explicit.options, timeouts: { command: 100 } },
    fails: "SALLYPORT_REPLY_TIMEOUT",
  },
  {
    ...explicit,
    name: "S-03 234, and then the connection ends",
    answers: {
      AUTH: (login) => {
        login.reply("234 go");
        login.control.end();
      },
    },
    fails: "SALLYPORT_HANDSHAKE_FAILED",
  },
  {
    ...explicit,
    name: "S-03 234, and then nothing",
    answers: {
      AUTH: (login) => {
        login.reply("234 go");
        // One hello in fifty holds the end of a line, which would be answered as a command.
        login.tcp.removeAllListeners("data").resume();
      },
    },
    options: { ...explicit.options, timeouts: { handshake: 150 } },
    fails: "SALLYPORT_HANDSHAKE_TIMEOUT",
  },
  {
    name: "S-03 an implicit port that speaks in clear is not spoken to",
    options: { security: "implicit", tls: { ca: identity.ca } },
    fails: "SALLYPORT_NOT_TLS",
  },
  ...[534, 536, 502, 431].map((code): OddServer => ({
    ...explicit,
    name: `S-03 R-CLI-02 PROT P refused with ${code}: no file goes in clear`,
    answers: { PROT: () => `${code} no` },
    fails: { code: "SALLYPORT_PROTECTION_REFUSED", reply: { code } },
  })),
  {
    ...explicit,
    name: "R-CLI-02 PBSZ refused means nothing where PROT P is taken",
    answers: { PBSZ: () => "503 what for" },
    ask: textOf,
    gives: content,
  },
];

const certificates: readonly OddServer[] = [
  {
    ...explicit,
    name: "S-30 a certificate that nobody trusted vouches for",
    tls: { tls: { cert: other.certificate, key: other.key } },
    fails: "SALLYPORT_CERTIFICATE_UNTRUSTED",
  },
  ...[
    ["of another authority", other] as const,
    ["of another key, though of the same name and authority", sameAuthority] as const,
  ].map(([which, { certificate: cert, key }]): OddServer => ({
    ...explicit,
    name: `S-30 another certificate on the data connection than on control: ${which}`,
    tls: { tls: serverTls, dataTls: { cert, key } },
    ask: textOf,
    fails: "SALLYPORT_DATA_FAILED",
  })),
  {
    ...explicit,
    name: "S-30 nothing is uploaded to another certificate than that of control",
    tls: { tls: serverTls, dataTls: { cert: other.certificate, key: other.key } },
    answers: {
      STOR: async (login) => {
        login.reply("150 send");
        const data = await login.data();
        data.on("data", () => assert.fail("the file was sent"));
        await ended(await login.dataTcp());
        return "426 no";
      },
    },
    ask: ({ client }) => client.write("file", "for the right one alone"),
    fails: /^SALLYPORT_(?:DATA_FAILED|COMMAND_REFUSED)$/,
  },
  {
    ...explicit,
    name: "S-30 a data connection that must resume the TLS of control, and does not",
    tls: { tls: serverTls, dataTls: serverTls },
    options: { ...explicit.options, tls: { ca: identity.ca, resumption: "require" } },
    ask: textOf,
    fails: "SALLYPORT_DATA_FAILED",
    // The other one speaks TLS 1.2, which some servers can resume where they cannot resume TLS 1.3.
    afterwards: "reconnects",
  },
  {
    ...explicit,
    name: "S-03 a data connection that speaks in clear in spite of PROT P gives no file",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.dataTcp())
          .on("data", () => {})
          .end("in clear, and long enough for anybody to take it for a record");
        return "226 done";
      },
    },
    ask: textOf,
    fails: "SALLYPORT_DATA_FAILED",
  },
  {
    ...explicit,
    name: "S-33 octets in clear within the TLS of control are no reply",
    answers: { SITE: (login) => void login.tcp.write("200 all is well\r\n") },
    ask: ({ client }) => client.raw("SITE x"),
    fails: "SALLYPORT_CONNECTION_LOST",
    afterwards: "reconnects",
  },
  {
    ...explicit,
    name: "S-33 a FIN within the TLS of control is a lost connection",
    answers: { SITE: (login) => void login.tcp.end() },
    ask: ({ client }) => client.raw("SITE x"),
    fails: "SALLYPORT_CONNECTION_LOST",
    afterwards: "reconnects",
  },
];

testOddServers([...stripped, ...certificates]);
