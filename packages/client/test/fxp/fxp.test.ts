import type { FxpWishes } from "@sallyport/client";
import { isSallyportError } from "@sallyport/protocol";
import { makeTestIdentity, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { bytesOf } from "../every-operation.ts";
import { content, Folder, fxpOptions, pairOf, transferDialogue } from "./scene.ts";

/** `able` copies from server to server and trusts who does; `plainly` does not; `strange` is trusted by nobody. */
let able: TestServer;
let other: TestServer;
let plainly: TestServer;
let strange: TestServer;

before(async () => {
  const { certificate, key } = makeTestIdentity({ names: ["127.0.0.1"], authority: "somebody else" });
  [able, other, plainly, strange] = await Promise.all([
    startTestServer({ fxp: fxpOptions }),
    startTestServer({ fxp: fxpOptions }),
    startTestServer(),
    startTestServer({ tls: { identities: [{ certificate, key }] } }),
  ]);
});
after(() => Promise.all([able, other, plainly, strange].map((server) => server[Symbol.asyncDispose]())));
beforeEach(() => Promise.all([able, other, plainly, strange].map((server) => new Folder(server).empty())));

describe("from server to server", () => {
  it("R-FXP-01 R-FXP-02 R-4217-43 under TLS by SSCN, and data of one's own is as before", async () => {
    await using pair = await pairOf(able, other);
    const [source, target] = [new Folder(able), new Folder(other)];
    await source.put("file");
    const phases: string[] = [];
    const outcome = await pair.from.fxp("file", pair.to, "copy", { onProgress: ({ phase }) => phases.push(phase) });
    assert.deepEqual(outcome, {
      bytes: content.length,
      resumedFrom: 0,
      verified: { method: "size", bytes: content.length },
      path: "copy",
      route: { kind: "direct", listener: "to", secure: { client: "from", by: "SSCN" } },
    });
    assert.deepEqual(await target.read("copy"), content);
    assert.deepEqual(await target.names(), ["copy"]);
    assert.deepEqual([phases[0], phases.at(-1)], ["open", "done"]);
    const dialogue = transferDialogue(pair.said).filter((line) => !line.includes("PROT"));
    assert.deepEqual(
      dialogue.filter((line) => line.startsWith("from")),
      ["from SSCN ON", "from PORT …", "from RETR file"],
    );
    assert.deepEqual(
      dialogue.filter((line) => line.startsWith("to")),
      ["to PASV", "to STOR …"],
    );
    assert.deepEqual(await bytesOf(await pair.from.read("file")), content);
    assert.ok(pair.said.includes("from SSCN OFF"));
  });

  it("R-FXP-02 by CPSV or SSCN of the target alone, and a second file by the way that worked", async () => {
    await using pair = await pairOf(plainly, able);
    const [source, target] = [new Folder(plainly), new Folder(able)];
    await source.put("one");
    await source.put("two");
    const { route } = await pair.from.fxp("one", pair.to, "one");
    assert.deepEqual(route, { kind: "direct", listener: "to", secure: { client: "to", by: "CPSV" } });
    assert.deepEqual((await pair.from.fxp("two", pair.to, "two")).route, route);
    assert.deepEqual([await target.read("one"), await target.read("two")], [content, content]);
  });

  it("R-FXP-02 where a server does not trust the other, the file goes through here, and so do those behind it", async () => {
    const tls = { ca: makeTestIdentity({ names: ["127.0.0.1"], authority: "somebody else" }).ca };
    await using pair = await pairOf(strange, able, { from: { tls } });
    await new Folder(strange).put("file");
    const { route } = await pair.from.fxp("file", pair.to, "copy");
    assert.equal(route?.kind, "relay");
    assert.match(String(route?.kind === "relay" && route.because), /^Target: STOR was refused with 522 /);
    assert.deepEqual(await new Folder(able).read("copy"), content);
    pair.said.splice(0);
    await pair.from.fxp("file", pair.to, "again");
    assert.deepEqual(
      transferDialogue(pair.said).filter((line) => /SSCN ON|CPSV|PORT/.test(line)),
      [],
    );
  });

  it("R-4217-43 nothing but direct is permitted, and the servers cannot protect it: nothing moves", async () => {
    await using pair = await pairOf(plainly, strange, {
      to: { tls: { ca: makeTestIdentity({ names: ["127.0.0.1"], authority: "somebody else" }).ca } },
    });
    await new Folder(plainly).put("file");
    await assert.rejects(pair.from.fxp("file", pair.to, "copy", { mode: "direct" }), {
      code: "SALLYPORT_FXP_REFUSED",
      message: /Neither server offers SSCN or CPSV/,
    });
    assert.deepEqual(await new Folder(strange).names(), []);
    assert.deepEqual(
      transferDialogue(pair.said).filter((line) => /RETR|STOR|PROT C/.test(line)),
      [],
    );
  });

  it("R-4217-43 in clear only where that is permitted, and the next transfer is protected again", async () => {
    // A server that lets data go in clear.
    const listener = { requireTls: "login" } as const;
    await using lax = await startTestServer({ listener });
    await using laxToo = await startTestServer({ listener });
    await using pair = await pairOf(lax, laxToo);
    await new Folder(lax).put("file");
    assert.equal((await pair.from.fxp("file", pair.to, "through here")).route?.kind, "relay");
    assert.ok(!pair.said.some((line) => line.endsWith("PROT C")));
    const { route } = await pair.from.fxp("file", pair.to, "in clear", { clear: true });
    assert.deepEqual(route, { kind: "direct", listener: "to", secure: undefined });
    assert.deepEqual(await new Folder(laxToo).read("in clear"), content);
    pair.said.splice(0);
    await bytesOf(await pair.from.read("file"));
    assert.equal(transferDialogue(pair.said)[0], "from PROT P");
  });
});

describe("copies, whichever way they go", () => {
  for (const mode of ["direct", "relay"] as const) {
    it(`${mode}: a file that is not there, and a place that may not be, leave nothing behind`, async () => {
      await using pair = await pairOf(able, other);
      await new Folder(able).put("file");
      await new Folder(other).put("old", "old");
      await assert.rejects(pair.from.fxp("nothing", pair.to, "old", { mode }), isRefusal(550));
      await assert.rejects(pair.from.fxp("file", pair.to, "no/such/place", { mode }), isRefusal(550));
      assert.deepEqual(await new Folder(other).names(), ["old"]);
      assert.equal(String(await new Folder(other).read("old")), "old");
      await pair.from.fxp("file", pair.to, "old", { mode });
      assert.deepEqual(await new Folder(other).read("old"), content);
    });

    it(`${mode}: the digest of both servers and the time of change, where that is wanted`, async () => {
      await using pair = await pairOf(able, other);
      await new Folder(able).put("file");
      const modified = new Date("2020-02-29T12:34:56Z");
      await pair.from.setTimes("file", { modified });
      const { verified } = await pair.from.fxp("file", pair.to, "copy", { mode, verify: "hash", preserve: true });
      assert.equal(verified.method, "hash");
      assert.deepEqual((await pair.to.stat("copy")).modified?.instant, modified);
    });

    it(`${mode}: an empty file`, async () => {
      await using pair = await pairOf(able, other);
      await new Folder(able).put("empty", "");
      await pair.from.fxp("empty", pair.to, "empty", { mode });
      assert.equal((await new Folder(other).read("empty")).length, 0);
    });

    it(`${mode}: goes on behind the part that an earlier one left, with REST on both`, async () => {
      await using pair = await pairOf(able, other, { to: { limitRate: 400_000 } });
      await new Folder(able).put("file");
      const stop = new AbortController();
      const first = pair.from.fxp("file", pair.to, "copy", {
        mode: "relay",
        resume: true,
        signal: stop.signal,
        onProgress: ({ bytes }) => bytes > 0 && stop.abort(new Error("enough")),
      });
      await assert.rejects(first, /enough/);
      const [part = ""] = await new Folder(other).names();
      assert.match(part, /^\.copy\.sallyport-part-[\da-f]{8}$|^$/);
      pair.to.limitRate = undefined;
      pair.said.splice(0);
      const { resumedFrom, verified } = await pair.from.fxp("file", pair.to, "copy", { mode, resume: true });
      assert.ok(resumedFrom > 0 && resumedFrom < content.length, `resumed from ${resumedFrom}`);
      assert.deepEqual(
        transferDialogue(pair.said)
          .filter((line) => line.includes("REST"))
          .toSorted(),
        [`from REST ${resumedFrom}`, `to REST ${resumedFrom}`],
      );
      assert.equal(verified.method, "hash");
      assert.deepEqual(await new Folder(other).read("copy"), content);
      assert.deepEqual(await new Folder(other).names(), ["copy"]);
    });
  }

  it("a name that is taken: left, replaced, gone on with, or another is taken", async () => {
    await using pair = await pairOf(able, other);
    const target = new Folder(other);
    await new Folder(able).put("file");
    await target.put("file", content.subarray(0, 1000));
    const copy = (onConflict: NonNullable<FxpWishes["onConflict"]>) =>
      pair.from.fxp("file", pair.to, "file", { onConflict });
    assert.deepEqual(await copy("skip"), {
      bytes: 0,
      resumedFrom: 0,
      verified: { method: "off" },
      path: "file",
      skipped: "it exists",
    });
    await assert.rejects(copy("fail"), { code: "SALLYPORT_FILE_EXISTS" });
    assert.equal((await copy("rename")).path, "file (2)");
    assert.equal((await target.read("file")).length, 1000);
    const { resumedFrom, route, verified } = await copy("resume");
    assert.deepEqual([resumedFrom, route?.kind, verified.method], [1000, "direct", "hash"]);
    assert.deepEqual([await target.read("file"), await target.read("file (2)")], [content, content]);
    assert.equal((await copy("size-differs")).skipped, "it has the same size");
  });

  it("R-2428-04 over IPv6, by EPSV and EPRT", async () => {
    const fxp = { ...fxpOptions, addresses: ["::1"] };
    await using from = await startTestServer({ address: "::1", fxp });
    await using to = await startTestServer({ address: "::1", fxp });
    await using pair = await pairOf(from, to, { host: "[::1]" });
    await new Folder(from).put("file");
    assert.equal((await pair.from.fxp("file", pair.to, "copy")).route?.kind, "direct");
    assert.deepEqual(await new Folder(to).read("copy"), content);
    assert.ok(pair.said.includes("to EPSV") && pair.said.some((line) => line.startsWith("from EPRT |2|::1|")));
  });

  it("addresses that are none are the caller's mistake", async () => {
    await using pair = await pairOf(able, other);
    const copying = pair.from.fxp("file", pair.to, "copy", { addresses: ["ftp.example.org"] });
    await assert.rejects(copying, { code: "SALLYPORT_ADDRESS_INVALID" });
  });

  it("within one server, on two control connections", async () => {
    await using pair = await pairOf(able, other);
    await new Folder(able).put("file");
    await pair.from.fxp("file", pair.from, "copy");
    assert.deepEqual(await new Folder(able).read("copy"), content);
    await using alone = await pairOf(able, other, { from: { pool: { max: 1 } } });
    await assert.rejects(alone.from.fxp("file", alone.from, "copy"), { code: "SALLYPORT_FXP_POOL" });
  });

  it("in both directions at once, with one control connection to each", async () => {
    const pool = { max: 1 };
    await using pair = await pairOf(able, other, { from: { pool }, to: { pool } });
    for (const server of [able, other]) await new Folder(server).put("file");
    await Promise.all([
      ...["a", "b"].map((name) => pair.from.fxp("file", pair.to, name)),
      ...["c", "d"].map((name) => pair.to.fxp("file", pair.from, name)),
    ]);
    assert.deepEqual(await new Folder(able).names(), ["c", "d", "file"]);
    assert.deepEqual(await new Folder(other).names(), ["a", "b", "file"]);
  });
});

function isRefusal(code: number): (error: unknown) => boolean {
  return (error) => isSallyportError(error) && "reply" in error && (error.reply as { code: number }).code === code;
}
