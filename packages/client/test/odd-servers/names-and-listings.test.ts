import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Handler } from "../scripted-server.ts";
import { content, explicit, namesOf, type OddServer, pause, type Scene, sends, testOddServers } from "./odd-server.ts";

const noMlst: Handler = () => "211-Features\r\n SIZE\r\n211 End";

const hostileNames = ["../../.bashrc", "..", "/etc/passwd", "a/b", "a/../../../x", "./x"] as const;

const entryLine = (name: string): string => `type=file;size=3; ${name}\r\n`;

/** Mirrors the server into an empty folder inside another, and gives the names found in both. */
async function mirrored({ client }: Scene): Promise<readonly string[]> {
  const outer = await mkdtemp(join(tmpdir(), "sallyport-odd-"));
  try {
    const target = join(outer, "target");
    for await (const _ of client.sync({ remote: "" }, { local: target }));
    return (await readdir(outer, { recursive: true })).toSorted();
  } finally {
    await rm(outer, { recursive: true });
  }
}

const names: readonly OddServer[] = [
  ...hostileNames.map((name): OddServer => ({
    name: `S-20 a mirror takes nothing that leads out of its folder: ${name}`,
    answers: { MLSD: sends(entryLine(name) + entryLine("good")), RETR: sends("abc") },
    ask: async (scene) => {
      const found = await mirrored(scene).catch((error: { code: string }) => error.code);
      return typeof found === "string"
        ? found === "SALLYPORT_NAME_UNSAFE"
        : found.every((path) => path.startsWith("target"));
    },
    gives: true,
    after: ({ server }) => assert.ok(!server.heard.some((line) => line.startsWith("RETR") && line.includes(".."))),
  })),
  {
    name: "S-20 a listed name with a path is no component, and names nothing below",
    answers: { MLSD: sends(`type=dir; ../up\r\n${entryLine("good")}`) },
    ask: async ({ client }) => Array.fromAsync(client.list("", { recursive: true })),
    fails: "SALLYPORT_NAME_UNSAFE",
  },
  {
    name: "S-20 directories inside each other without end are left",
    answers: { MLSD: sends("type=dir; deeper\r\n") },
    ask: async ({ client }) => {
      let count = 0;
      for await (const _ of client.list("", { recursive: true })) if (++count === 40) break;
      return count;
    },
    gives: 40,
  },
  {
    name: "S-09 CR and NUL in listed names stay in them, and never get into a command",
    answers: { MLSD: sends("type=file; a\rDELE b\r\ntype=file; c\0d\r\n") },
    ask: async (scene) => {
      for (const name of await namesOf(scene)) {
        await assert.rejects(async () => scene.client.remove(name), { name: "UsageError" });
      }
    },
    after: ({ server }) => assert.ok(!server.heard.some((line) => line.includes("DELE"))),
  },
  {
    name: "S-31 escape sequences and quotes of replies come out of the transcript as text",
    answers: { SITE: () => '200 \u001B[2J\u001B]0;owned\u0007 <script> "q"' },
    ask: async ({ client }) => {
      await client.raw("SITE x");
      // oxlint-disable-next-line no-control-regex -- what must not be there
      return client.transcript.some(({ text }) => /[\u0000-\u001F\u007F]/.test(text));
    },
    gives: false,
  },
];

/** How the directory of a LIST that is read from inside is left again. */
const listsFromInside = (pwd: string): Readonly<Record<string, Handler>> => ({
  FEAT: noMlst,
  PWD: () => pwd,
  LIST: sends("-rw-r--r-- 1 u g 3 Jan 01 2024 x\r\n"),
});

const cwds = ({ server }: Scene): readonly string[] => server.heard.filter((line) => line.startsWith("CWD"));

const pwds: readonly OddServer[] = [
  ...Object.entries({
    '257 "/home/a': "/home/a",
    '257 "/ho""me" is where': '/ho"me',
    '257 You are in "/home" now': "/home",
    "257 /home": "/home",
    '257 "QSYS.LIB"': "QSYS.LIB",
  }).map(([reply, path]): OddServer => ({
    name: `S-31 PWD is read as it is meant: ${reply} (1152, 1153, 1217, 1102, 1103)`,
    answers: listsFromInside(reply),
    ask: (scene) => namesOf(scene, "some [dir]"),
    gives: ["x"],
    after: (scene) => assert.deepEqual(cwds(scene), ["CWD some [dir]", `CWD ${path}`]),
  })),
  ...['257 "/a\rDELE b"', '257 "/a\u0007b"', '257 ""', "257", '257 "\u001B[2J"'].map((reply): OddServer => ({
    name: `S-09 a path of PWD that cannot be sent is never sent: ${JSON.stringify(reply)} (3217, 3218)`,
    answers: listsFromInside(reply),
    ask: (scene) => namesOf(scene, "some [dir]"),
    fails: "SALLYPORT_NO_WORKING_DIRECTORY",
    after: (scene) => assert.deepEqual(cwds(scene), []),
  })),
  ...["PWD", "CWD"].map((verb): OddServer => ({
    name: `R-CLI-09 314 to ${verb} is a failure and holds up nothing (118, 125)`,
    answers: { ...listsFromInside('257 "/"'), [verb]: () => "314 hm" },
    ask: (scene) => namesOf(scene, "some [dir]"),
    fails: /^SALLYPORT_(?:REPLY_UNEXPECTED|NO_WORKING_DIRECTORY)$/,
  })),
];

const endless: Handler = async (login) => {
  login.reply("150 coming");
  const data = await login.data();
  let count = 0;
  const more = (): void => {
    while (!data.destroyed && data.writable) {
      if (!data.write(entryLine(`name-${count++}`).repeat(500))) return;
    }
  };
  data.on("drain", more);
  more();
  await new Promise((resolve) => data.resume().once("close", resolve).once("end", resolve));
  data.destroy();
  return "426 broken off";
};

const listings: readonly OddServer[] = [
  {
    name: "R-CLI-09 LIST 450 is an empty directory (144)",
    answers: { FEAT: noMlst, LIST: () => "450 no files" },
    ask: (scene) => namesOf(scene),
    gives: [],
  },
  {
    name: "R-CLI-09 LIST 550 is an error (145)",
    answers: { FEAT: noMlst, LIST: () => "550 no such directory" },
    ask: (scene) => namesOf(scene, "nothing"),
    fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 550 } },
  },
  {
    name: "R-CLI-09 neither MLSD nor LIST: NLST, from inside the directory, tells names alone",
    answers: { FEAT: noMlst, LIST: () => "502 no", NLST: sends("one\r\ntwo\r\n") },
    ask: async ({ client }) => (await Array.fromAsync(client.list("sub"))).map(({ path, type }) => `${type} ${path}`),
    gives: ["unknown sub/one", "unknown sub/two"],
    after: ({ server }) => assert.ok(server.heard.includes("CWD sub") && server.heard.includes("NLST")),
  },
  {
    name: "R-CLI-09 MLSD that FEAT promises and the server has not: LIST",
    answers: { MLSD: () => "500 what", LIST: sends("-rw-r--r-- 1 u g 3 Jan 01 2024 x\r\n") },
    ask: (scene) => namesOf(scene),
    gives: ["x"],
  },
  {
    name: "R-CLI-09 a listing that ends with 250 (IBM i)",
    answers: { FEAT: noMlst, LIST: sends("-rw-r--r-- 1 u g 3 Jan 01 2024 x\r\n", { last: "250 done" }) },
    ask: (scene) => namesOf(scene),
    gives: ["x"],
  },
  {
    name: "R-CLI-09 a listing with LF alone",
    answers: { MLSD: sends("type=file; x\ntype=file; y\n") },
    ask: (scene) => namesOf(scene),
    gives: ["x", "y"],
  },
  {
    name: "S-20 a listing without end is read as far as it is wanted, in bounded memory",
    answers: { MLSD: endless },
    ask: async ({ client }) => {
      let count = 0;
      const before = process.memoryUsage().rss;
      for await (const _ of client.list()) if (++count === 20_000) break;
      return process.memoryUsage().rss - before < 200_000_000 && count;
    },
    gives: 20_000,
  },
  {
    name: "S-20 a line without end in a listing is cut, and what follows is read",
    answers: { MLSD: sends(`type=file; ${"x".repeat(3_000_000)}\r\ntype=file; y\r\n`) },
    ask: async (scene) => (await namesOf(scene)).at(-1),
    gives: "y",
  },
  {
    ...explicit,
    name: "S-11 a listing cut by FIN without close_notify is not taken for the whole directory",
    answers: {
      MLSD: async (login) => {
        login.reply("150 coming");
        (await login.data()).write(entryLine("x"));
        await pause(40);
        (await login.dataTcp()).end();
        return "226 done";
      },
    },
    ask: (scene) => namesOf(scene),
    fails: "SALLYPORT_DATA_TRUNCATED",
  },
  {
    name: "R-CLI-09 a listing of nothing but nonsense holds no entry",
    answers: { FEAT: noMlst, LIST: sends("\0\u0001\xFF\xFE\r\n\r\n<html>\r\n") },
    ask: (scene) => namesOf(scene),
    gives: [],
  },
];

const made = new Set<string>();

const directories: readonly OddServer[] = [
  {
    name: "R-CLI-09 directories are made from where one is missing (147)",
    answers: {
      MKD: (_, path) => {
        const above = path.split("/").slice(0, -1).join("/");
        if (above !== "" && !made.has(above)) return "550 no such directory";
        made.add(path);
        return `257 "${path}"`;
      },
      CWD: (_, path) => (path === "/" || made.has(path) ? "250 ok" : "550 no"),
    },
    ask: async ({ client }) => {
      await client.makeDirectory("a/b/c", { recursive: true });
      return [...made];
    },
    gives: ["a", "a/b", "a/b/c"],
  },
  {
    name: "R-CLI-09 MKD that fails because somebody else was faster (148)",
    answers: { MKD: () => "550 exists", CWD: () => "250 ok" },
    ask: ({ client }) => client.makeDirectory("a/b", { recursive: true }),
  },
  {
    name: "R-CLI-09 MKD that fails for good",
    answers: { MKD: () => "550 no", CWD: (_, path) => (path === "/" ? "250 ok" : "550 no") },
    ask: ({ client }) => client.makeDirectory("a/b", { recursive: true }),
    fails: { code: "SALLYPORT_COMMAND_REFUSED", reply: { code: 550 } },
  },
  {
    name: "R-CLI-09 RNFR answered by 250 is no rename",
    answers: { RNFR: () => "250 done" },
    ask: ({ client }) => client.rename("a", "b"),
    fails: "SALLYPORT_REPLY_UNEXPECTED",
    after: ({ server }) => assert.ok(!server.heard.some((line) => line.startsWith("RNTO"))),
  },
];

const downloads: readonly OddServer[] = [
  {
    ...explicit,
    name: "S-11 a download that is cut leaves what was there before, and no part beside it",
    answers: {
      RETR: async (login) => {
        login.reply("150 coming");
        (await login.data()).write(content.slice(0, 5));
        await pause(40);
        (await login.dataTcp()).end();
        return "226 done";
      },
    },
    ask: async ({ client }) => {
      const folder = await mkdtemp(join(tmpdir(), "sallyport-odd-"));
      try {
        await assert.rejects(client.download("file", join(folder, "file")), { code: "SALLYPORT_DATA_TRUNCATED" });
        return await readdir(folder);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    gives: [],
  },
];

testOddServers([...names, ...pwds, ...listings, ...directories, ...downloads]);
