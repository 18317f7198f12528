import assert from "node:assert/strict";
import { once } from "node:events";
import type { Handler, ScriptedLogin } from "../scripted-server.ts";
import {
  content,
  ended,
  explicit,
  type OddServer,
  pause,
  type Scene,
  sendAll,
  sends,
  serverTls,
  testOddServers,
  textOf,
} from "./odd-server.ts";

const firstHalfRead = Promise.withResolvers<void>();
const reads = { ask: textOf, gives: content } as const;

const inOneSegment =
  (...replies: readonly string[]): Handler =>
  async (login) => {
    const data = await login.data();
    login.control.write(replies.map((reply) => `${reply}\r\n`).join(""));
    data.end(content);
  };

const manners: readonly OddServer[] = [
  {
    name: "R-CLI-09 150 and 226 in one packet (126)",
    answers: { RETR: inOneSegment("150 now", "226 done") },
    ...reads,
  },
  { name: "R-CLI-09 no 150 at all", answers: { RETR: inOneSegment("226 done") }, ...reads },
  { name: "R-CLI-09 125 instead of 150", answers: { RETR: sends(content, { first: "125 open" }) }, ...reads },
  { name: "R-CLI-09 250 instead of 226", answers: { RETR: sends(content, { last: "250 done" }) }, ...reads },
  { name: "R-CLI-09 200 instead of 226", answers: { RETR: sends(content, { last: "200 done" }) }, ...reads },
  {
    name: "R-959-09 a 226 of many lines, some of which look like replies",
    answers: { RETR: sends(content, { last: "226-done\r\n550 not really\r\n226-still\r\n 226 no\r\n226 now" }) },
    ...reads,
  },
  {
    name: "R-CLI-09 all data before 150",
    answers: {
      RETR: async (login) => {
        await sendAll(login, content);
        await pause(30);
        return "150 coming\r\n226 done";
      },
    },
    ...reads,
  },
  {
    name: "R-CLI-09 a file whose second half waits until the first has been read",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        const data = await login.data();
        data.write(content.slice(0, 7));
        await firstHalfRead.promise;
        data.end(content.slice(7));
        return "226 done";
      },
    },
    ask: async ({ client }) => {
      let read = "";
      for await (const chunk of await client.read("file")) {
        read += Buffer.from(chunk).toString("latin1");
        firstHalfRead.resolve();
      }
      return read;
    },
    gives: content,
  },
  {
    name: "R-CLI-09 226 well before the data ends",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        login.reply("226 done");
        await pause(50);
        (await login.data()).end(content);
      },
    },
    ...reads,
  },
  {
    name: "R-CLI-05 a missing 226 costs the time for it, and what came is not called whole",
    answers: { RETR: async (login) => void (await sends(content)(login, "")) },
    options: { timeouts: { completion: 150 } },
    ask: textOf,
    fails: "SALLYPORT_REPLY_TIMEOUT",
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-09 426 behind data that looks whole is no whole file",
    answers: { RETR: sends(content, { last: "426 broken" }) },
    ask: textOf,
    fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 426 } },
  },
  {
    name: "R-CLI-09 451 behind data is no whole file",
    answers: { RETR: sends(content, { last: "451 disk" }) },
    ask: textOf,
    fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 451 } },
  },
  { name: "R-CLI-09 TYPE answered by 226 (261)", answers: { TYPE: () => "226 ok" }, ...reads },
  ...["TYPE", "RETR"].map((verb): OddServer => ({
    name: `R-CLI-09 314 to ${verb} is a failure and holds up nothing (118, 119, 124)`,
    answers: { [verb]: () => "314 hm", SIZE: () => "550 no" },
    ask: textOf,
    fails: /^SALLYPORT_(?:REPLY_UNEXPECTED|PARAMETER_REFUSED)$/,
  })),
  {
    name: "R-CLI-09 RETR 550, then another file (533, 546, 1096)",
    answers: { RETR: (login, name) => (name === "file" ? sends(content)(login, name) : "550 no such file") },
    ask: async (scene) => {
      await assert.rejects(scene.client.read("nothing"), { code: "SALLYPORT_COMMAND_REFUSED", retry: "never" });
      return textOf(scene);
    },
    gives: content,
  },
  {
    name: "R-CLI-05 421 in the middle of a download ends the connection, and the next one serves (1120)",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).write("part");
        login.reply("421 shutting down");
        login.control.end();
      },
    },
    ask: textOf,
    fails: { code: "SALLYPORT_SERVICE_CLOSING", retry: "again" },
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-05 421 to a command: asked again on another connection (1120)",
    answers: { MLST: once421(() => "250-x\r\n type=file;size=3; file\r\n250 end") },
    options: { retry: { attempts: 1, firstDelayMs: 1 } },
    ask: async ({ client }) => (await client.stat("file")).size,
    gives: 3,
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-05 a connection that is reset in the middle of a download",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).write("part");
        login.tcp.resetAndDestroy();
      },
    },
    ask: textOf,
    fails: { code: "SALLYPORT_CONNECTION_LOST", retry: "again" },
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-09 replies that nobody asked for put the connection out of step, and it is left",
    answers: { SITE: () => "200 ok\r\n200 and again" },
    ask: async ({ client }) => {
      const { code } = await client.raw("SITE x");
      await pause(30);
      return code;
    },
    gives: 200,
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-05 slow replies and slow data are no stall: each has its own time (250, 251, 1086, 1112, 1501)",
    answers: {
      RETR: async (login) => {
        await pause(60);
        login.reply("150 coming");
        const data = await login.data();
        for (const octet of content) {
          data.write(octet);
          await pause(15);
        }
        data.end();
        await pause(100);
        return "226 done";
      },
    },
    options: { timeouts: { dataIdle: 200, command: 200, completion: 400 } },
    ...reads,
  },
  {
    name: "R-CLI-05 data that trickles may take longer than any one wait, data that stops may not",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).write("part");
        await ended(await login.dataTcp());
        return "426 gone";
      },
    },
    options: { timeouts: { dataIdle: 100 } },
    ask: textOf,
    fails: /^SALLYPORT_(?:DATA_FAILED|COMMAND_REFUSED)$/,
  },
];

function once421(then: Handler): Handler {
  let asked = false;
  return (login, argument) => {
    if (asked) return then(login, argument);
    asked = true;
    login.reply("421 timeout");
    login.control.end();
    return undefined;
  };
}

const sizes: readonly OddServer[] = [
  {
    name: "R-3659-05 SIZE 550 does not keep a file from being read (137, 138, 511)",
    answers: { SIZE: () => "550 not in ASCII" },
    ...reads,
  },
  { name: "R-CLI-09 SIZE with words in front (336, 337)", answers: { SIZE: () => "213 it has 19" }, ...reads },
  { name: "R-CLI-09 SIZE with nothing (520)", answers: { SIZE: () => "213 " }, ...reads },
  { name: "R-CLI-09 SIZE with nonsense (1913)", answers: { SIZE: () => "213 -12e99 octets, or so" }, ...reads },
  {
    name: "R-CLI-09 SIZE with a number that no file has (3027)",
    answers: { SIZE: () => `213 ${"9".repeat(400)}` },
    ...reads,
  },
  { name: "R-CLI-09 SIZE that lies: less than comes (416)", answers: { SIZE: () => "213 4" }, ...reads },
  {
    name: "R-CLI-09 SIZE that lies: a file that grows as it comes (416)",
    answers: { SIZE: () => "213 19", RETR: sends(`${content}more`) },
    ask: textOf,
    gives: `${content}more`,
  },
  {
    name: "R-CLI-09 MDTM 550 or odd is no failure of what is there (1914)",
    answers: { FEAT: () => "500 what", MDTM: () => "213 yesterday" },
    ask: async ({ client }) => (await client.stat("file")).modified,
    gives: undefined,
  },
  {
    name: "R-3659-09 REST refused: a part is not taken from the beginning",
    answers: { REST: () => "502 what" },
    ask: async ({ client }) => client.read("file", { start: 5 }),
    fails: { code: "SALLYPORT_RESTART_REFUSED" },
  },
  {
    name: "R-3659-09 REST refused and the next file is whole",
    answers: { REST: () => "502 what" },
    ask: async (scene) => {
      await assert.rejects(scene.client.read("file", { start: 5 }), { code: "SALLYPORT_RESTART_REFUSED" });
      return textOf(scene);
    },
    gives: content,
  },
  {
    name: "R-CLI-09 an empty file",
    answers: { SIZE: () => "213 0", RETR: sends("") },
    ask: textOf,
    gives: "",
  },
];

const stores = (answers: Readonly<Record<string, Handler>>, fails: OddServer["fails"]): Partial<OddServer> => ({
  answers,
  ask: ({ client }) => client.write("file", "x".repeat(100_000)),
  ...(fails === undefined ? {} : { fails }),
});

const uploads: readonly OddServer[] = [
  {
    name: "R-CLI-09 STOR 552, the disk is full (348)",
    ...stores({ STOR: () => "552 full" }, { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 552 } }),
  },
  {
    name: "R-CLI-09 STOR 425 (531)",
    ...stores({ STOR: () => "425 no" }, { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 425 } }),
  },
  {
    name: "R-CLI-09 STOR 150, then 452 in the middle",
    ...stores(
      {
        STOR: async (login) => {
          login.reply("150 send");
          (await login.data()).destroy();
          return "452 full";
        },
      },
      { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 452 } },
    ),
  },
  {
    name: "S-11 an upload whose data connection was cut, and yet 226, is not called stored",
    ...stores(
      {
        STOR: async (login) => {
          login.reply("150 send");
          (await login.dataTcp()).resetAndDestroy();
          await pause(30);
          return "226 stored";
        },
      },
      { code: "SALLYPORT_DATA_FAILED" },
    ),
    ask: ({ client }) => client.write("file", Buffer.alloc(30_000_000)),
  },
  {
    name: "R-CLI-09 226 to STOR before 150, without an octet read, is nothing stored",
    ...stores({ STOR: () => "226 stored" }, { code: "SALLYPORT_REPLY_UNEXPECTED" }),
  },
  {
    name: "R-CLI-05 an upload that is never confirmed",
    ...stores(
      { STOR: async (login) => void (await takes("226")(login, "")) },
      { code: "SALLYPORT_REPLY_TIMEOUT", retry: "check" },
    ),
    options: { timeouts: { completion: 150 } },
    afterwards: "reconnects",
  },
  {
    name: "R-CLI-09 a server without 150 gets its upload",
    answers: {
      STOR: async (login) => {
        const data = await login.data();
        let bytes = 0;
        data.on("data", (octets: Buffer) => (bytes += octets.length));
        await once(data, "end");
        data.end();
        return bytes === 7 ? "226 stored" : "451 not all";
      },
    },
    options: { limits: { preliminaryMs: 60 } },
    ask: async ({ client }) => (await client.write("file", "no 150 ")).bytes,
    gives: 7,
  },
];

function takes(last: string): Handler {
  return async (login) => {
    login.reply("150 send");
    const data = await login.data();
    data.resume();
    await once(data, "end");
    data.end();
    return last;
  };
}

const unsized = { SIZE: () => "550 no" } as const;

const cuts: readonly OddServer[] = [
  ...[0, 5, content.length].map((bytes): OddServer => ({
    ...explicit,
    name: `S-11 TLS data cut by FIN without close_notify after ${bytes} octets of unknown many is truncated`,
    answers: { ...unsized, RETR: cutsAfter(content.slice(0, bytes), "fin") },
    ask: textOf,
    fails: "SALLYPORT_DATA_TRUNCATED",
  })),
  {
    ...explicit,
    name: "S-11 TLS data without close_notify, but as long as SIZE said, is whole",
    answers: { RETR: cutsAfter(content, "fin") },
    ...reads,
  },
  {
    ...explicit,
    name: "S-11 TLS data cut short of what SIZE said is truncated",
    answers: { RETR: cutsAfter("content", "fin") },
    ask: textOf,
    fails: "SALLYPORT_DATA_TRUNCATED",
  },
  {
    ...explicit,
    name: "S-11 TLS data that ends with close_notify, but short of what SIZE said, and 426",
    answers: { RETR: sends("content", { last: "426 cut" }) },
    ask: textOf,
    fails: "SALLYPORT_COMMAND_REFUSED",
  },
  ...[true, false].map((isProtected): OddServer => ({
    ...(isProtected ? explicit : {}),
    name: `S-11 data cut by RST fails, ${isProtected ? "TLS" : "in clear"}`,
    answers: { ...unsized, RETR: cutsAfter("content", "rst") },
    ask: textOf,
    fails: "SALLYPORT_DATA_FAILED",
  })),
  {
    ...explicit,
    name: "S-11 a cut download leaves the client usable, for the same file too",
    answers: {
      RETR: (() => {
        let count = 0;
        const handler: Handler = (login, name) =>
          (count++ === 0 ? cutsAfter("cont", "fin") : sends(content))(login, name);
        return handler;
      })(),
    },
    ask: async (scene) => {
      await assert.rejects(textOf(scene), { code: "SALLYPORT_DATA_TRUNCATED" });
      return textOf(scene);
    },
    gives: content,
  },
  {
    ...explicit,
    name: "R-CLI-09 a server that never answers the close_notify of an upload (IIS)",
    tls: { tls: serverTls },
    answers: {
      STOR: async (login: ScriptedLogin) => {
        login.reply("150 send");
        const data = await login.data();
        data.resume();
        await once(data, "end");
        return "226 stored";
      },
    },
    options: { ...explicit.options, limits: { closeNotifyMs: 100 } },
    ask: async ({ client }: Scene) => (await client.write("file", "some content")).bytes,
    gives: 12,
  },
];

function cutsAfter(octets: string, how: "fin" | "rst"): Handler {
  return async (login) => {
    login.reply("150 coming");
    const [data, tcp] = [await login.data(), await login.dataTcp()];
    if (octets !== "") data.write(octets);
    await pause(40);
    if (how === "fin") tcp.end();
    else tcp.resetAndDestroy();
    return "226 done";
  };
}

testOddServers([...manners, ...sizes, ...uploads, ...cuts]);
