import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { content, explicit, type OddServer, type Scene, sends, testOddServers } from "./odd-server.ts";

/** Downloads over a local file that has something already; gives what it has then. */
const downloadsOnto =
  (before: string) =>
  ({ client }: Scene): Promise<string> =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "file"), before);
      await client.download("file", join(folder, "file"), { onConflict: "resume" });
      return readFile(join(folder, "file"), "latin1");
    });

const uploads =
  (text: string) =>
  ({ client }: Scene): Promise<unknown> =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "file"), text);
      await client.upload(join(folder, "file"), "file", { onConflict: "resume" });
    });

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-odd-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function heard({ server }: Scene, verb: string): readonly string[] {
  return server.heard.filter((line) => line.startsWith(verb));
}

const resumed: readonly OddServer[] = [
  {
    name: "R-CLI-06 a file that is there to its end is not fetched again (122, 1037)",
    ask: downloadsOnto(content),
    gives: content,
    after: (scene) => assert.deepEqual(heard(scene, "RETR"), []),
  },
  {
    name: "R-CLI-06 an empty file that is there already (1036)",
    answers: { SIZE: () => "213 0", MLST: () => "250-x\r\n type=file;size=0; file\r\n250 end", RETR: sends("") },
    ask: downloadsOnto(""),
    gives: "",
  },
  {
    name: "R-CLI-06 R-3659-09 REST refused: the file is not put together wrongly",
    answers: { REST: () => "502 what", MLST: () => "250-x\r\n type=file;size=19; file\r\n250 end" },
    ask: async (scene) => {
      const text = await downloadsOnto("con")(scene).catch((error: { code: string }) => error.code);
      return text === content || text === "SALLYPORT_RESTART_REFUSED";
    },
    gives: true,
  },
  {
    name: "R-CLI-06 an upload cannot go on where no size is told: nothing is appended blindly (235)",
    answers: { SIZE: () => "550 no", MLST: () => "500 what" },
    ask: async (scene) => uploads("0123456789")(scene).catch(() => {}),
    after: (scene) => assert.deepEqual(heard(scene, "APPE"), []),
  },
  {
    name: "R-CLI-06 an upload that may not go on is told so, or begins anew (236)",
    answers: {
      SIZE: () => "213 4",
      MLST: () => "250-x\r\n type=file;size=4; file\r\n250 end",
      APPE: () => "550 no",
      REST: () => "502 what",
    },
    ask: async (scene) => {
      const failure = await uploads("0123456789")(scene).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
      const said = ["SALLYPORT_COMMAND_REFUSED", "SALLYPORT_RESTART_REFUSED", "SALLYPORT_INTEGRITY_SIZE"];
      return failure === undefined || said.includes(failure);
    },
    gives: true,
  },
];

/** Downloads into an empty folder. */
const downloads = ({ client }: Scene): Promise<string> =>
  withFolder(async (folder) => {
    await client.download("file", join(folder, "file"));
    return readFile(join(folder, "file"), "latin1");
  });

const sizes: readonly OddServer[] = [
  {
    name: "S-11 a download in clear that ends before the size that was told is not taken for whole",
    answers: { RETR: sends("content") },
    ask: downloads,
    fails: /^SALLYPORT_(?:INTEGRITY_SIZE|DATA_TRUNCATED)$/,
  },
  {
    name: "R-CLI-09 a download of a file that grows takes what arrives (416)",
    answers: { RETR: sends(`${content}and more`) },
    ask: downloads,
    gives: `${content}and more`,
  },
  {
    name: "R-3659-05 a download whose size nobody tells ends with FIN (137, 138)",
    answers: { FEAT: () => "500 what", SIZE: () => "550 no", MLST: () => "500 what", MDTM: () => "550 no" },
    ask: downloads,
    gives: content,
  },
];

const published: OddServer = {
  ...explicit,
  name: "S-02 a greeting in clear does not talk the client out of its temporary name",
  answers: { GREETING: () => "220 Sallyport ready" },
  ask: async ({ client }) => (await client.write("file", "x")).bytes,
  gives: 1,
  after: (scene) => assert.match(heard(scene, "STOR")[0] ?? "", /^STOR \.file\.sallyport-part-/),
};

testOddServers([...resumed, ...sizes, published]);
