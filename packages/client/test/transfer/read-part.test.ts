import { connect, type Client } from "@sallyport/client";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { describe, test } from "node:test";
import { type Handler, startScriptedServer } from "../scripted-server.ts";

/** How a server ends a transfer that is aborted; what is undefined never comes. */
interface Ending {
  readonly name: string;
  /** Said ahead of the data. */
  readonly early?: string;
  /** Ends the data by itself, and then says `transfer`; otherwise it waits until the client has broken them off. */
  readonly endsData?: boolean;
  readonly transfer?: string | undefined;
  readonly abort?: string | undefined;
  readonly fence?: string | undefined;
  /** Whether the control connection goes on. */
  readonly isKept: boolean;
}

const noop = "200 ok";
const endings: readonly Ending[] = [
  { name: "226 ahead of the data", early: "226 done", abort: "225 nothing", fence: noop, isKept: true },
  {
    name: "226 with the end of the data",
    endsData: true,
    transfer: "226 done",
    abort: "226 no",
    fence: noop,
    isKept: true,
  },
  { name: "426 and 226", transfer: "426 cut", abort: "226 aborted", fence: noop, isKept: true },
  { name: "226 twice", transfer: "226 done", abort: "226 aborted", fence: noop, isKept: true },
  { name: "225 alone", abort: "225 aborted", fence: noop, isKept: true },
  { name: "226 alone", abort: "226 aborted", fence: noop, isKept: true },
  { name: "426, and ABOR is not known", transfer: "426 cut", abort: "502 what", fence: noop, isKept: true },
  { name: "426 alone, and nothing to what follows", transfer: "426 cut", isKept: false },
  { name: "426 and 226, and nothing to NOOP", transfer: "426 cut", abort: "226 aborted", isKept: false },
  { name: "the end of the data, and nothing else", endsData: true, isKept: false },
  { name: "nothing", isKept: false },
];

const abortMs = 150;

describe("R-959-61 a part of a file is read in a bounded time, and what comes next is in step", () => {
  for (const ending of endings) {
    test(`the server says ${ending.name}`, { timeout: 10_000 }, async () => {
      await using server = await startScriptedServer(handlersOf(ending));
      const options = {
        security: "plain",
        pool: { max: 1 },
        limits: { abortMs },
        retry: { firstDelayMs: 10 },
      } as const;
      await using client = await connect(`alice:secret@127.0.0.1:${server.port}`, options);
      const startedAtMs = performance.now();
      for (const [at, end] of [3, 12, 1].entries()) {
        assert.equal(await textOf(client, end), "from a pipe\n".slice(0, end));
        assert.equal((await client.stat(`file-${at}`)).size, 100 + at);
      }
      const tookMs = performance.now() - startedAtMs;
      assert.ok(tookMs < 3 * 2 * abortMs + 1_500, `${tookMs} ms`);
      if (ending.isKept) assert.equal(server.loginsCount, 1);
      else assert.ok(server.loginsCount > 1);
    });
  }
});

async function textOf(client: Client, end: number): Promise<string> {
  let text = "";
  for await (const chunk of await client.read("f", { start: 0, end })) text += Buffer.from(chunk).toString();
  return text;
}

function handlersOf({ early, endsData, transfer, abort, fence }: Ending): Readonly<Record<string, Handler>> {
  let ended = Promise.withResolvers<void>();
  return {
    RETR: async (login) => {
      ended = Promise.withResolvers();
      login.reply("150 coming");
      if (early !== undefined) login.reply(early);
      const data = await login.data();
      const isBroken = new Promise((resolve) => data.on("error", resolve).once("end", resolve).resume());
      data.write("from a pipe\n");
      if (endsData) data.end();
      else await isBroken;
      data.destroy();
      if (transfer !== undefined) login.reply(transfer);
      ended.resolve();
    },
    ABOR: async () => {
      await ended.promise;
      return abort;
    },
    NOOP: async () => {
      // Behind the reply to ABOR, which does not wait its turn here.
      await pause(5);
      return fence;
    },
    MLST: (_, path) => `250-\r\n type=file;size=${100 + Number(path.at(-1))}; ${path}\r\n250 end`,
  };
}
