import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import type { Handler, ScriptedLogin } from "../scripted-server.ts";
import { content, type OddServer, pause, type Scene, sends, testOddServers, textOf } from "./odd-server.ts";

const no: Handler = () => "500 what";

const pasvAt =
  (host: string): Handler =>
  async (login) => {
    const port = await login.listen();
    return `227 Passive (${host},${port >> 8},${port & 255})`;
  };

const reads = { ask: textOf, gives: content } as const;

const heard =
  (...verbs: readonly string[]) =>
  ({ server }: Scene): void => {
    const setUps = server.heard.map((line) => /^(?:EPSV|PASV|EPRT|PORT)/.exec(line)?.[0]).filter(Boolean);
    assert.deepEqual(setUps, verbs);
  };

const passive: readonly OddServer[] = [
  ...[500, 502, 522].map((code): OddServer => ({
    name: `R-2428-04 EPSV refused with ${code}: PASV, and PASV alone from then on (102, 211)`,
    answers: { EPSV: () => `${code} no` },
    ask: async (scene) => (await textOf(scene)) + (await textOf(scene)),
    gives: content + content,
    after: heard("EPSV", "PASV", "PASV"),
  })),
  {
    name: "D-18 EPSV names a port that refuses: PASV is tried before failing (1233)",
    answers: { EPSV: () => "229 (|||1|)" },
    ...reads,
    after: heard("EPSV", "PASV"),
  },
  {
    name: "R-2428-04 229 with port 1000000 names no port: PASV is tried (238)",
    answers: { EPSV: () => "229 (|||1000000|)" },
    ...reads,
    after: heard("EPSV", "PASV"),
  },
  ...["229 (|||0|)", "229 no port here", "229 (|||12|", "229 (|||-1|)", "229 (|||99999999999999999999|)"].map(
    (reply): OddServer => ({
      name: `R-2428-04 a reply to EPSV that names no port, and PASV neither: ${reply}`,
      answers: { EPSV: () => reply, PASV: no },
      ask: textOf,
      fails: /^SALLYPORT_(?:PASSIVE_REPLY_UNREADABLE|NO_DATA_SETUP)$/,
    }),
  ),
  {
    name: "S-10 filled fields of 229 lead nowhere else",
    answers: { EPSV: async (login) => `229 (|1|192.0.2.1|${await login.listen()}|)` },
    ...reads,
  },
  ...["1216,256,2,127,127,127", "127,0,0,1,256,1", "127,0,0,1,1,256", "127,0,0,1,0,0", "127,0,0,1,4", ""].map(
    (numbers): OddServer => ({
      name: `R-1123-20 227 with impossible numbers is refused: (${numbers}) (237)`,
      answers: { EPSV: no, PASV: () => `227 Passive (${numbers})` },
      ask: textOf,
      fails: { code: "SALLYPORT_PASSIVE_REPLY_UNREADABLE", reply: { code: 227 } },
    }),
  ),
  ...["192,0,2,1", "10,0,0,1", "0,0,0,0", "127,0,0,2", "169,254,169,254"].map((host): OddServer => ({
    name: `S-10 227 with the host ${host} leads to the server itself (270)`,
    answers: { EPSV: no, PASV: pasvAt(host) },
    ...reads,
  })),
  {
    name: "S-10 227 with another host is followed where that is asked for",
    answers: { EPSV: no, PASV: pasvAt("127,0,0,1") },
    options: { data: { passiveAddress: "trust" } },
    ...reads,
  },
  {
    name: "R-1123-20 227 without parentheses, in words",
    answers: {
      EPSV: no,
      PASV: async (login) => {
        const port = await login.listen();
        return `227 Entering passive mode. 127,0,0,1,${port >> 8},${port & 255}.`;
      },
    },
    ...reads,
  },
  {
    name: "R-CLI-09 229 to PASV and 227 to EPSV are understood",
    answers: { EPSV: pasvAt("127,0,0,1"), PASV: async (login) => `229 (|||${await login.listen()}|)` },
    ...reads,
  },
  ...["EPSV", "PASV"].map((verb): OddServer => ({
    name: `R-CLI-09 314 to ${verb} is a failure and holds up nothing (115, 116)`,
    answers: { EPSV: no, PASV: no, [verb]: () => "314 hm" },
    ask: textOf,
    fails: /^SALLYPORT_(?:NO_DATA_SETUP|REPLY_UNEXPECTED)$/,
  })),
  {
    name: "R-CLI-09 neither EPSV nor PASV is known",
    answers: { EPSV: no, PASV: no },
    ask: textOf,
    fails: { code: "SALLYPORT_NO_DATA_SETUP", reply: { code: 500 } },
  },
  {
    name: "R-CLI-05 a passive port that takes no connection costs the time for it",
    answers: { EPSV: () => "229 (|||9|)", PASV: () => "227 (127,0,0,1,0,9)" },
    options: { timeouts: { dataOpen: 100 } },
    ask: textOf,
    fails: { code: "SALLYPORT_DATA_FAILED", retry: "again" },
  },
  {
    name: "R-CLI-09 a data connection that is closed at once, and 425",
    answers: {
      RETR: async (login) => {
        (await login.data()).destroy();
        return "425 cannot";
      },
    },
    ask: textOf,
    fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 425 } },
  },
];

const features: Handler = () => "211-Features\r\n PRET\r\n SIZE\r\n211 End";

const announced: readonly OddServer[] = [
  {
    name: "R-CLI-09 a server that wants to know ahead what comes is told by PRET (1107)",
    answers: { FEAT: features, PASV: no },
    ...reads,
    after: ({ server }) => {
      const said = server.heard.filter((line) => /^(?:PRET|EPSV|RETR)/.test(line));
      assert.deepEqual(said, ["PRET RETR file", "EPSV", "RETR file"]);
    },
  },
  {
    name: "R-CLI-09 PRET that is offered and refused is done without (1108)",
    answers: { FEAT: features, PRET: () => "500 what" },
    ...reads,
  },
];

const active = { data: { mode: "active" }, limits: { dataConnectMs: 150, completionMs: 400 } } as const;

const odd = (name: string, answers: NonNullable<OddServer["answers"]>, more: Partial<OddServer>): OddServer => ({
  name,
  answers,
  options: active,
  ask: textOf,
  ...more,
});

const inActiveMode: readonly OddServer[] = [
  odd("R-CLI-09 PORT refused for good (212, 588, 1414)", { PORT: no }, { fails: "SALLYPORT_NO_DATA_SETUP" }),
  odd("R-CLI-09 314 to PORT (117)", { PORT: () => "314 hm" }, { fails: "SALLYPORT_NO_DATA_SETUP" }),
  odd(
    "R-CLI-09 425 instead of an active data connection (591, 1206)",
    { PORT: () => "200 ok", RETR: () => "425 no" },
    { fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 425 } } },
  ),
  odd(
    "R-CLI-09 150 and then 425, without a data connection (1207)",
    { PORT: () => "200 ok", RETR: () => "150 now\r\n425 no" },
    { fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 425 } } },
  ),
  odd(
    "R-CLI-05 150 and no data connection (592, 1208)",
    { PORT: () => "200 ok", RETR: () => "150 now" },
    { fails: /^SALLYPORT_(?:DATA_FAILED|REPLY_TIMEOUT)$/, afterwards: "reconnects" },
  ),
  odd(
    "R-CLI-05 neither a reply nor a data connection (594, 1211)",
    { PORT: () => "200 ok", RETR: () => undefined },
    { fails: /^SALLYPORT_(?:DATA_FAILED|REPLY_TIMEOUT)$/, afterwards: "reconnects" },
  ),
  odd(
    "R-CLI-09 421 instead of an active data connection (593, 1209)",
    { PORT: () => "200 ok", RETR: () => "421 timeout" },
    { fails: "SALLYPORT_SERVICE_CLOSING", afterwards: "reconnects" },
  ),
  odd(
    "R-CLI-09 226 without an active data connection is no file",
    { PORT: () => "200 ok", RETR: () => "226 done" },
    { fails: "SALLYPORT_DATA_FAILED" },
  ),
  odd(
    "R-CLI-09 an upload without an active data connection is none",
    { PORT: () => "200 ok", STOR: () => "226 done" },
    { ask: ({ client }) => client.write("file", "x"), fails: /^SALLYPORT_(?:DATA_FAILED|REPLY_UNEXPECTED)$/ },
  ),
];

let strangersPort = 0;

function portOf(argument: string): number {
  const [, , , , high = 0, low = 0] = argument.split(",").map(Number);
  return high * 256 + low;
}

/** Comes from another address of the loopback. */
async function sendFromStranger(): Promise<void> {
  const stranger = connect({ port: strangersPort, host: "127.0.0.1", localAddress: "127.0.0.2" });
  const closed = new Promise((resolve) => stranger.on("error", () => {}).once("close", resolve));
  stranger.write("not the file");
  await Promise.race([closed, pause(500)]);
  stranger.destroy();
}

const strangerFirst: OddServer = {
  name: "S-25 a stranger who is first at the active port sends nothing into a download",
  answers: {
    PORT: async (_, argument) => {
      strangersPort = portOf(argument);
      await sendFromStranger();
      return "200 ok";
    },
    RETR: async (login: ScriptedLogin) => {
      login.dial(strangersPort);
      return sends(content)(login, "");
    },
  },
  options: active,
  ask: textOf,
  gives: content,
};

const bounced: OddServer = {
  name: "S-10 a foreign passive address is never connected to",
  answers: {
    EPSV: no,
    PASV: async (login) => {
      const port = await login.listen();
      const trap = createServer((socket) => {
        trapped = true;
        socket.destroy();
      });
      trap.unref().listen(port, "127.0.0.3");
      await once(trap, "listening");
      assert.equal((trap.address() as AddressInfo).port, port);
      login.control.once("close", () => trap.close());
      return `227 Passive (127,0,0,3,${port >> 8},${port & 255})`;
    },
  },
  ...reads,
  after: () => assert.equal(trapped, false),
};
let trapped = false;

testOddServers([...passive, ...announced, ...inActiveMode, strangerFirst, bounced]);
