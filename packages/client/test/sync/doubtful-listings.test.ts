import { connect } from "@sallyport/client";
import { isSallyportError } from "@sallyport/protocol";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sends } from "../odd-servers/odd-server.ts";
import { type Handler, startScriptedServer } from "../scripted-server.ts";
import { emptyFolder, fill, told } from "./mirror-scene.ts";

const content = "content of a file\r\n";

/** A root with `top` and the directory `sub`, by MLSD, and a server's answer about `sub`. */
function byMlsd(ofSub: Handler): Readonly<Record<string, Handler>> {
  const root = sends("type=dir; sub\r\ntype=file;size=19; top\r\n");
  return { MLSD: (login, path) => (path === "sub" ? ofSub : root)(login, path) };
}

/** The same by LIST. */
function byList(ofSub: Handler): Readonly<Record<string, Handler>> {
  const root = sends(`drwxr-xr-x 2 u g 4096 Jan 01 2024 sub\r\n${listed("top")}`);
  return {
    FEAT: () => "211-Features\r\n SIZE\r\n211 End",
    MLSD: () => "500 what",
    LIST: (login, path) => (path === "sub" ? ofSub : root)(login, path),
  };
}

const listed = (name: string): string => `-rw-r--r-- 1 u g 19 Jan 01 2024 ${name}\r\n`;
const fact = (name: string): string => `type=file;size=19; ${name}\r\n`;

/** Listings that the server calls complete, and that may lack something; what is said of them. */
const doubtful: Readonly<Record<string, readonly [answers: Readonly<Record<string, Handler>>, said: RegExp]>> = {
  "a line of facts that breaks off": [byMlsd(sends(`${fact("a")}type=fi`)), /lines that cannot be read/],
  "a name that breaks off": [byMlsd(sends(`${fact("a")}type=file;size=19; ke`)), /ends in the middle of a line/],
  "a line that is too long": [byMlsd(sends(fact("a") + fact("x".repeat(3_000_000)))), /lines that cannot be read/],
  "what ls says of a disk that fails": [
    byList(sends(`${listed("a")}ls: reading directory .: Input/output error\r\n`)),
    /lines that cannot be read/,
  ],
  "450 behind entries": [
    byList(sends(listed("a"), { last: "450 read error" })),
    /LIST was refused with 450|"sub" was answered with 450/,
  ],
  "450 in place of entries": [byList(() => "450 busy"), /"sub" was answered with 450/],
};

for (const [what, [answers, said]] of Object.entries(doubtful)) {
  test(`a mirror deletes nothing on the word of a listing with ${what}`, async (t) => {
    const local = emptyFolder(t);
    fill(local, { top: content, "sub/a": content, "sub/keep": "kept", extra: "kept" });
    await using server = await startScriptedServer({ MLST: () => "550 no", ...answers });
    await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain", retry: { attempts: 0 } });
    const steps = await Array.fromAsync(client.sync({ remote: "" }, { local }, { delete: true }));
    assert.ok(existsSync(join(local, "sub/keep")) && existsSync(join(local, "extra")), told(steps).join("\n"));
    const [failed, ...others] = steps.filter(({ outcome }) => outcome === "failed");
    assert.ok(failed?.outcome === "failed" && isSallyportError(failed.error) && others.length === 0);
    assert.deepEqual(failed.action, { kind: "skip", path: "sub", reason: "unlisted" });
    assert.match(failed.error.message, said);
  });
}

test("what a listing of the target may lack keeps no file from being brought there", async (t) => {
  const local = emptyFolder(t);
  fill(local, { "sub/new": content });
  const answers = byMlsd(sends(`${fact("a")}type=fi`));
  await using server = await startScriptedServer({ MLST: () => "550 no", ...answers });
  await using client = await connect(`127.0.0.1:${server.port}`, { security: "plain", retry: { attempts: 0 } });
  const steps = await Array.fromAsync(client.sync({ local }, { remote: "" }));
  assert.deepEqual(told(steps), ["transfer sub/new done"]);
});
