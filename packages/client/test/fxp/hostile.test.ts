import { isSallyportError } from "@sallyport/protocol";
import { startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Handler, type ScriptedLogin, type ScriptedServer, startScriptedServer } from "../scripted-server.ts";
import { content, Folder, fxpOptions, identity, type Pair, pairOf, transferDialogue } from "./scene.ts";

/** The target is ours, the source whatever a test makes of it; with `passive: false` the source has to listen. */
let target: TestServer;
let folder: Folder;

before(async () => {
  target = await startTestServer({ fxp: fxpOptions });
  folder = new Folder(target);
});
after(() => target[Symbol.asyncDispose]());
beforeEach(() => folder.empty());

const tls = { cert: identity.certificate, key: identity.key };

async function withSource(
  answers: Readonly<Record<string, Handler>>,
  use: (pair: Pair, source: ScriptedServer) => Promise<void>,
  options: Parameters<typeof pairOf>[2] = {},
): Promise<void> {
  const size = `213 ${content.length}`;
  await using source = await startScriptedServer({ SIZE: () => size, ...answers }, { tls });
  await using pair = await pairOf({ explicitPort: source.port }, target, options);
  await use(pair, source);
}

/** Sends so much of the file, ends it as if it were whole, and says so or not. */
const sends =
  (bytes: number, last: string): Handler =>
  async (login) => {
    login.reply("150 coming");
    await sendAll(login, bytes);
    return last;
  };

async function sendAll(login: ScriptedLogin, bytes: number): Promise<void> {
  const data = await login.data();
  await new Promise((resolve) => data.resume().once("close", resolve).end(content.subarray(0, bytes)));
}

/** A source that the target cannot listen for: its PORT is refused. */
const mustListen = { PORT: () => "500 no", EPRT: () => "500 no" } as const;

describe("a hostile or broken source", () => {
  it("S-06 S-10 that names a third host has nobody connect there, and the sentence says so", async () => {
    const reached: string[] = [];
    const trap = createServer((socket) => void reached.push(String(socket.remoteAddress)));
    await new Promise<void>((resolve) => trap.listen(0, "127.0.0.2", resolve));
    const address = trap.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const names = { ...mustListen, PASV: () => `227 (127,0,0,2,${port >> 8},${port & 255})` };
    try {
      await withSource(names, async (pair, source) => {
        await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode: "direct" }), (error: Error) => {
          assert.match(error.message, /another one connect to 127\.0\.0\.2, which is not its own address/);
          return isSallyportError(error) && error.code === "SALLYPORT_FXP_REFUSED";
        });
        assert.ok(!pair.said.some((line) => /^to (?:PORT|EPRT|STOR)/.test(line)), "nothing was passed on");
        assert.ok(!source.heard.some((line) => line.startsWith("RETR")), "and nothing asked for");
      });
      assert.deepEqual(reached, []);
      assert.deepEqual(await folder.names(), []);
    } finally {
      trap.close();
    }
  });

  it("S-10 that names a third host is copied from through here, unless the address is permitted", async () => {
    const RETR = sends(content.length, "226 done");
    const PASV = async (login: ScriptedLogin): Promise<string> => {
      const port = await login.listen();
      return `227 (10,0,0,5,${port >> 8},${port & 255})`;
    };
    await withSource({ ...mustListen, PASV, RETR }, async (pair) => {
      const { route } = await pair.from.fxp("file", pair.to, "copy");
      assert.equal(route?.kind, "relay");
      assert.match(String(route?.kind === "relay" && route.because), /10\.0\.0\.5/);
      assert.deepEqual(await folder.read("copy"), content);
      // Permitted, it is passed on, and the target has its own say.
      const permitted = pair.from.fxp("file", pair.to, "again", { mode: "direct", addresses: ["10.0.0.5"] });
      await assert.rejects(permitted, /Target: PORT was refused with 504 Data connections go to your own address/);
      assert.ok(pair.said.some((line) => line.startsWith("to PORT 10,0,0,5,")));
    });
  });

  it("S-06 that names a port of another service has nobody connect there", async () => {
    await withSource({ ...mustListen, PASV: () => "227 (127,0,0,1,0,25)" }, async (pair) => {
      const refused = pair.from.fxp("file", pair.to, "copy", { mode: "direct" });
      await assert.rejects(refused, /not sent to 127\.0\.0\.1 port 25: ports below 1024 belong to other services/);
      assert.ok(!pair.said.some((line) => /^to (?:PORT|EPRT|STOR)/.test(line)));
    });
  });

  it("that refuses with 550 what it does not like about the other server is read from here", async () => {
    let times = 0;
    const RETR: Handler = (login, argument) =>
      times++ === 0 ? "550 no transfers to other hosts" : sends(content.length, "226 done")(login, argument);
    await withSource({ RETR }, async (pair) => {
      const { route } = await pair.from.fxp("file", pair.to, "copy");
      assert.equal(route?.kind, "relay");
      assert.match(String(route?.kind === "relay" && route.because), /550 no transfers to other hosts/);
      assert.deepEqual(await folder.read("copy"), content);
    });
  });

  it("R-959-66 that breaks off with a clean end and 426: what the target holds for whole gets no name", async () => {
    await withSource({ RETR: sends(1000, "426 disk error") }, async (pair) => {
      await folder.put("copy", "old");
      await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode: "direct" }), /RETR was refused with 426/);
      assert.deepEqual(await folder.names(), ["copy"]);
      assert.equal(String(await folder.read("copy")), "old");
      assert.equal((await pair.to.raw("NOOP")).code, 200, "the target is in step");
    });
  });

  it("R-CLI-05 that sends half and says 226 is found out by the size", async () => {
    for (const mode of ["direct", "relay"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await withSource({ RETR: sends(1000, "226 done") }, async (pair) => {
        await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode }), { code: "SALLYPORT_INTEGRITY_SIZE" });
        assert.deepEqual(await folder.names(), []);
      });
    }
  });

  for (const [mode, what, joined] of [
    ["relay", "asked for the rest", ["from REST 100000", "to REST 100000"]],
    ["direct", "copied by the next way, since this one has brought nothing whole yet", []],
  ] as const) {
    it(`R-CLI-05 that breaks off is ${what}`, async () => {
      let [offset, times] = [0, 0];
      const REST: Handler = (_, argument) => {
        offset = Number(argument);
        return "350 from there";
      };
      const RETR: Handler = async (login) => {
        login.reply("150 coming");
        const octets = content.subarray(offset, times++ === 0 ? 100_000 : undefined);
        offset = 0;
        const data = await login.data();
        await new Promise((resolve) => data.resume().on("error", resolve).once("close", resolve).end(octets));
        return times === 1 ? "426 disk error" : "226 done";
      };
      await withSource(
        { REST, RETR },
        async (pair) => {
          const { bytes, verified } = await pair.from.fxp("file", pair.to, "copy", { mode });
          assert.deepEqual([bytes, verified.method], [content.length, mode === "relay" ? "sample" : "size"]);
          assert.deepEqual(await folder.read("copy"), content);
          const rests = transferDialogue(pair.said).filter((line) => /REST [1-9]/.test(line));
          assert.deepEqual(rests.slice(0, 2).toSorted(), joined);
        },
        { from: { retry: { attempts: 1, firstDelayMs: 1 } } },
      );
    });
  }

  it("that sends faster than the target takes has to wait: what comes through here is not kept here", async () => {
    const stop = new AbortController();
    let taken = 0;
    const RETR: Handler = async (login) => {
      login.reply("150 coming");
      const data = (await login.data()).on("error", () => {});
      const piece = Buffer.alloc(1_000_000);
      while (!data.destroyed && taken < 64_000_000) {
        // oxlint-disable-next-line no-await-in-loop -- as fast as it is taken
        await new Promise((resolve) => void data.write(piece, resolve));
        taken += piece.length;
      }
      return "426 given up";
    };
    await withSource(
      { RETR, SIZE: () => "213 64000000", ABOR: () => "226 given up" },
      async (pair) => {
        const copying = pair.from.fxp("file", pair.to, "copy", { mode: "relay", signal: stop.signal });
        setTimeout(() => stop.abort(new Error("enough")), 600);
        await assert.rejects(copying, /enough/);
        assert.ok(taken > 1_000_000 && taken < 24_000_000, `${taken} octets were taken of the source`);
      },
      { to: { limitRate: 2_000_000 } },
    );
  });

  it("R-DATA-01 that never begins is given up in time, and the target stops", async () => {
    const limits = { dataOpenMs: 300 };
    const options = { from: { limits }, to: { limits } };
    const never = new Promise<string>(() => {});
    await withSource(
      { RETR: () => never, ABOR: () => "226 nothing to give up", PASV: () => "502 no" },
      async (pair) => {
        await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode: "direct" }));
        assert.deepEqual(await folder.names(), []);
        assert.ok(transferDialogue(pair.said).includes("to ABOR"));
        assert.equal((await pair.to.raw("NOOP")).code, 200);
      },
      options,
    );
  });

  it("R-959-66 that is silent behind its data is not taken to be done because the target is", async () => {
    const limits = { completionMs: 200, dataOpenMs: 500 };
    const never = new Promise<string>(() => {});
    const RETR: Handler = async (login) => {
      login.reply("150 coming");
      await sendAll(login, content.length);
      return never;
    };
    await withSource(
      { RETR, ABOR: () => "226 given up" },
      async (pair) => {
        const copying = pair.from.fxp("file", pair.to, "copy", { mode: "direct" });
        await assert.rejects(copying, /One server is done, and the other says nothing/);
        assert.deepEqual(await folder.names(), []);
      },
      { from: { limits }, to: { limits } },
    );
  });

  it("R-CLI-05 whose control connection is cut in the middle leaves nothing, and the target goes on", async () => {
    const RETR: Handler = async (login) => {
      login.reply("150 coming");
      (await login.data()).write(content.subarray(0, 1000), () => login.tcp.destroy());
    };
    await withSource({ RETR }, async (pair) => {
      await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode: "direct" }));
      assert.deepEqual(await folder.names(), []);
      assert.equal((await pair.to.raw("NOOP")).code, 200);
    });
  });

  it("given up by the one who asked: ABOR on both, nothing stays, and both go on", async () => {
    const stop = new AbortController();
    const RETR: Handler = async (login) => {
      login.reply("150 coming");
      (await login.data())
        .on("error", () => {})
        .write(content.subarray(0, 1000), () => stop.abort(new Error("enough")));
      return new Promise<string>((resolve) => (given = resolve));
    };
    let given: (reply: string) => void = () => {};
    const ABOR: Handler = async (login) => {
      (await login.dataTcp()).destroy();
      given("426 given up");
      return "226 given up";
    };
    await withSource({ RETR, ABOR }, async (pair) => {
      await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode: "direct", signal: stop.signal }), /enough/);
      assert.deepEqual(await folder.names(), []);
      const said = transferDialogue(pair.said);
      assert.ok(said.includes("from ABOR") && said.includes("to ABOR"), said.join());
      assert.deepEqual([(await pair.from.raw("NOOP")).code, (await pair.to.raw("NOOP")).code], [200, 200]);
    });
  });
});
