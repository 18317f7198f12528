import assert from "node:assert/strict";
import { content, type OddServer, pause, testOddServers, textOf } from "./odd-server.ts";

const nothingOf = (verb: string) => ({
  after: ({ server }: Parameters<NonNullable<OddServer["after"]>>[0]) => {
    assert.ok(!server.heard.some((line) => line.startsWith(verb)), `${verb} was sent`);
  },
});

const greetings: readonly OddServer[] = [
  {
    name: "R-CLI-09 a greeting 230 needs no login (1219)",
    answers: { GREETING: () => "230 come in" },
    ask: textOf,
    gives: content,
    ...nothingOf("USER"),
  },
  {
    name: "R-CLI-09 a greeting 120 is followed by another",
    answers: {
      GREETING: async (login) => {
        login.reply("120 in a moment");
        await pause(30);
        return "220 now";
      },
    },
  },
  {
    name: "R-CLI-09 a greeting of hundreds of lines is read to its end (1003, 1005, 1006)",
    answers: { GREETING: () => `220-first\r\n${"230 looks like a reply\r\n".repeat(700)}220 last` },
    ask: textOf,
    gives: content,
  },
  {
    name: "R-CLI-09 a reply line of 17 KB is read (1062)",
    answers: { GREETING: () => `220 ${"x".repeat(17_000)}` },
    ask: textOf,
    gives: content,
  },
  {
    name: "R-CLI-09 a greeting without end is given up in time and keeps nothing that grows",
    answers: {
      GREETING: async (login) => {
        login.control.write("220-it goes on\r\n");
        while (!login.control.destroyed) {
          login.control.write("and on and on\r\n".repeat(4_000));
          await pause(10);
        }
      },
    },
    options: { timeouts: { greeting: 300 } },
    fails: "SALLYPORT_REPLY_TIMEOUT",
  },
  {
    name: "R-CLI-09 a reply line without end is given up in time",
    answers: {
      SITE: async (login) => {
        login.control.write("200 ");
        while (!login.control.destroyed) {
          login.control.write("x".repeat(60_000));
          await pause(10);
        }
      },
    },
    options: { timeouts: { command: 300 } },
    ask: ({ client }) => client.raw("SITE x"),
    fails: { code: "SALLYPORT_REPLY_TIMEOUT", command: "SITE x" },
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-09 preliminary replies without end are given up",
    answers: { SITE: () => "150 wait\r\n".repeat(3_000) },
    ask: ({ client }) => client.raw("SITE x"),
    fails: "SALLYPORT_REPLY_UNEXPECTED",
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-05 a greeting 421 says to come back later",
    answers: { GREETING: () => "421 too many" },
    fails: { code: "SALLYPORT_SERVICE_CLOSING", retry: "again" },
  },
  {
    name: "R-CLI-05 a server that never greets costs the time for it",
    answers: { GREETING: () => undefined },
    options: { timeouts: { greeting: 100 } },
    fails: "SALLYPORT_REPLY_TIMEOUT",
  },
  {
    name: "R-CLI-05 a server that hangs up instead of greeting",
    answers: { GREETING: (login) => void login.control.destroy() },
    fails: "SALLYPORT_CONNECTION_LOST",
  },
  {
    name: "R-CLI-09 a server that hangs up within its greeting",
    answers: { GREETING: (login) => void login.control.end("220-half a gree") },
    fails: "SALLYPORT_CONNECTION_LOST",
  },
  {
    name: "S-09 a NUL in a reply is no reply (2108)",
    answers: { PWD: () => '257 "/a\0b"', GREETING: () => "220 rea\0dy" },
    fails: "SALLYPORT_NOT_A_REPLY",
  },
];

/** What stands on the port instead of FTP, and the name that the message must have. */
const others = {
  HTTP: "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
  SSH: "SSH-2.0-OpenSSH_9.9\r\n",
  POP3: "+OK ready\r\n",
  IMAP: "* OK IMAP4rev1 ready\r\n",
};

const foreign: readonly OddServer[] = Object.entries(others).map(([protocol, greeting]) => ({
  name: `R-CLI-09 another protocol on the port is named: ${protocol} (2045)`,
  answers: { GREETING: (login) => void login.control.end(Buffer.from(greeting, "latin1")) },
  fails: {
    code: "SALLYPORT_NOT_A_REPLY",
    message: `The server speaks ${protocol}, not FTP`,
  },
}));

const userSiteAndPass = ["USER alice-4711", "SITE AUTH by card", "PASS hush-84f2c"];

const logins: readonly OddServer[] = [
  ...[230, 200, 232].map((code): OddServer => ({
    name: `R-CLI-09 USER answered by ${code} needs no PASS (354)`,
    answers: { USER: () => `${code} in` },
    ask: textOf,
    gives: content,
    ...nothingOf("PASS"),
  })),
  ...["USER", "PASS"].map((verb): OddServer => ({
    name: `R-CLI-08 314 to ${verb} asks for no secret (113, 114, 538)`,
    answers: { [verb]: () => "314 more", ACCT: () => assert.fail("an account was sent") },
    options: { account: "acc" },
    fails: { code: "SALLYPORT_REPLY_UNEXPECTED", reply: { code: 314 } },
  })),
  {
    name: "R-CLI-05 PASS refused with 530 is for good (195)",
    answers: { PASS: () => "530 no" },
    fails: { code: "SALLYPORT_LOGIN_REFUSED", retry: "never" },
  },
  {
    name: "R-CLI-05 PASS refused with 430 may be tried again (196)",
    answers: { PASS: () => "430 not now" },
    fails: { code: "SALLYPORT_LOGIN_REFUSED", retry: "again" },
  },
  {
    name: "R-CLI-09 332 to PASS gets the account (228)",
    answers: { PASS: () => "332 account", ACCT: (_, argument) => (argument === "acc" ? "230 in" : "530 no") },
    options: { account: "acc" },
    ask: textOf,
    gives: content,
  },
  {
    name: "R-CLI-09 332 to USER gets the account (294)",
    answers: { USER: () => "332 account", ACCT: () => "230 in" },
    options: { account: "acc" },
    ask: textOf,
    gives: content,
    ...nothingOf("PASS"),
  },
  {
    name: "R-CLI-08 a wrong account is a refused login, and stays hidden (295, 698)",
    answers: { PASS: () => "332 account", ACCT: () => "530 no" },
    options: { account: "acc-77" },
    fails: { code: "SALLYPORT_LOGIN_REFUSED", command: "ACCT ****" },
  },
  {
    name: "R-CLI-09 an account that nobody gave is missing (229)",
    answers: { PASS: () => "332 account" },
    fails: "SALLYPORT_CREDENTIAL_MISSING",
  },
  {
    name: "R-CLI-08 331 to PASS does not get the password again",
    answers: { PASS: () => "331 once more" },
    fails: "SALLYPORT_REPLY_UNEXPECTED",
  },
  {
    name: "R-2228-31 a reply 633 to PASS is no login (1282)",
    answers: { PASS: () => "633 MjMwIGluDQo=" },
    fails: { code: "SALLYPORT_REPLY_UNEXPECTED", reply: { code: 633 } },
  },
  {
    name: "R-CLI-09 a server without FEAT, with 200 for all, is served",
    answers: { FEAT: () => "502 what", USER: () => "331 go on", PASS: () => "202 superfluous" },
    ask: textOf,
    gives: content,
  },
  {
    name: "R-CLI-09 a server that answers everything with LF alone",
    answers: { GREETING: (login) => void login.control.write("220 ready\n"), USER: lf("331 go"), PASS: lf("230 in") },
    ask: textOf,
    gives: content,
  },
  {
    name: "R-CLI-09 replies octet by octet are replies (190)",
    answers: { USER: dripped("331 password\r\n"), PASS: dripped("230-in\r\n 230 not yet\r\n230 now\r\n") },
    ask: textOf,
    gives: content,
  },
  {
    name: "R-CLI-09 where USER is refused, another command lets in (280)",
    answers: {
      USER: () => "530 not by name",
      SITE: (_, argument) => (argument === "AUTH by card" ? "331 go on" : "500"),
    },
    options: { insteadOfUser: "SITE AUTH by card" },
    ask: textOf,
    gives: content,
    after: ({ server }) => assert.deepEqual(server.heard.slice(0, 3), userSiteAndPass),
  },
  {
    name: "R-CLI-09 what is to let in instead of USER is tried once (280)",
    answers: { USER: () => "530 no", SITE: () => "530 nor by that" },
    options: { insteadOfUser: "SITE AUTH by card" },
    fails: { code: "SALLYPORT_LOGIN_REFUSED", reply: { code: 530 } },
  },
  ...(["user", "password", "account", "insteadOfUser"] as const).map((secret): OddServer => ({
    name: `S-09 CR LF in the ${secret} is refused before it is sent (2115, 2116)`,
    answers: {
      ...(secret === "insteadOfUser" && { USER: () => "530 no" }),
      PASS: () => "332 account",
      DELE: () => assert.fail("a command was smuggled in"),
    },
    options: { password: "p", account: "a", [secret]: "x\r\nDELE everything" },
    fails: { code: "SALLYPORT_ARGUMENT_FORBIDDEN", name: "UsageError" },
  })),
];

function lf(reply: string): NonNullable<OddServer["answers"]>[string] {
  return (login) => void login.control.write(`${reply}\n`);
}

function dripped(reply: string): NonNullable<OddServer["answers"]>[string] {
  return async (login) => {
    for (const octet of reply) {
      login.control.write(octet);
      await pause(2);
    }
  };
}

testOddServers([...greetings, ...foreign, ...logins]);
