import { connect, type Client, type ClientOptions } from "@sallyport/client";
import assert from "node:assert/strict";
import test from "node:test";
import { startScriptedServer, type Handler, type ScriptedServer } from "../scripted-server.ts";

async function scene(
  handlers: Readonly<Record<string, Handler>>,
  options: ClientOptions = {},
): Promise<{ readonly server: ScriptedServer; readonly client: Client } & AsyncDisposable> {
  const server = await startScriptedServer(handlers);
  const url = `alice:secret@127.0.0.1:${server.port}`;
  const client = await connect(url, { security: "plain", retry: { attempts: 0 }, ...options });
  return {
    server,
    client,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const noFeatures: Handler = () => "500 what";

test("R-CLI-09 a size with words in front of the number is read", async () => {
  await using s = await scene({ FEAT: noFeatures, SIZE: () => "213 The size is 12345" });
  assert.equal((await s.client.stat("file")).size, 12_345);
});

test("a size beyond what a number can hold is a bigint", async () => {
  await using s = await scene({ FEAT: noFeatures, SIZE: () => "213 9007199254740993" });
  assert.equal((await s.client.stat("file")).size, 9_007_199_254_740_993n);
});

test("a path that CWD leads to is a directory, and the working directory is put back", async () => {
  await using s = await scene({
    FEAT: noFeatures,
    SIZE: () => "550 no",
    MDTM: () => "550 no",
    PWD: () => '257 "/home/alice"',
  });
  assert.equal((await s.client.stat("sub")).type, "directory");
  assert.deepEqual(
    s.server.heard.filter((line) => line.startsWith("CWD")),
    ["CWD sub", "CWD /home/alice"],
  );
});

test("a server that knows neither MLST nor FEAT refuses what is not there", async () => {
  const no: Handler = () => "550 no such file";
  await using s = await scene({ FEAT: noFeatures, SIZE: no, MDTM: no, CWD: no });
  assert.equal(await s.client.exists("nothing"), false);
  await assert.rejects(s.client.stat("nothing"), { code: "SALLYPORT_COMMAND_REFUSED" });
});

test("MKD that fails because somebody was faster is no failure", async () => {
  await using s = await scene({ MKD: () => "550 File exists" });
  await s.client.makeDirectory("a/b", { recursive: true });
  await assert.rejects(s.client.makeDirectory("a/b"), { code: "SALLYPORT_COMMAND_REFUSED" });
});

test("S-20 names that lead elsewhere end a recursive removal and a recursive listing", async () => {
  await using s = await scene({
    DELE: () => "550 is a directory",
    RMD: () => "550 not empty",
    MLSD: async (login) => {
      login.reply("150 coming");
      (await login.data()).end("type=dir; ../../etc\r\n");
      return "226 done";
    },
  });
  await assert.rejects(s.client.remove("a", { recursive: true }), { code: "SALLYPORT_NAME_UNSAFE" });
  await assert.rejects(Array.fromAsync(s.client.list("a", { recursive: true })), { code: "SALLYPORT_NAME_UNSAFE" });
  assert.ok(!s.server.heard.some((line) => line.includes("..")));
});

/** A listing without end, as fast as it is read. */
const endless: Handler = async (login) => {
  login.reply("150 coming");
  const data = await login.data();
  const lines = Array.from({ length: 100 }, (_, at) => `type=dir; folder-${at}\r\n`).join("");
  const more = (): void => void (data.destroyed || data.write(lines, more));
  more();
  await new Promise((resolve) => data.on("error", () => {}).once("close", resolve));
  return "426 broken off";
};

const notRemoved: Readonly<Record<string, Handler>> = { DELE: () => "550 is a directory", RMD: () => "550 not empty" };

test("S-20 a listing without end ends a recursive removal and a recursive listing before anything was removed", async () => {
  const limits = { treeWaitingBytes: 200_000 };
  await using s = await scene({ ...notRemoved, MLSD: endless, ABOR: () => "226 aborted" }, { limits });
  await assert.rejects(s.client.remove("a", { recursive: true }), { code: "SALLYPORT_TREE_TOO_LARGE" });
  await assert.rejects(Array.fromAsync(s.client.list("a", { recursive: true })), { code: "SALLYPORT_TREE_TOO_LARGE" });
  const removals = s.server.heard.filter((line) => /^(?:DELE|RMD)/.test(line));
  assert.deepEqual(removals, ["DELE a", "RMD a"]);
});

test("S-20 a listing without end ends where another request waits for its connection and its entries are not taken", async () => {
  const limits = { listingBufferBytes: 200_000, poolConnectionsCount: 1 };
  await using s = await scene({ MLSD: endless, ABOR: () => "226 aborted" }, { limits });
  const listing = s.client.list("a");
  await listing.next();
  // As in a loop that asks about each entry, over the one connection there is.
  assert.equal((await s.client.stat("file")).size, 19);
  await assert.rejects(Array.fromAsync(listing), { code: "SALLYPORT_LISTING_TOO_LARGE" });
});

test("S-20 directories below directories without end end a recursive removal", async () => {
  const deeper: Handler = async (login) => {
    login.reply("150 coming");
    (await login.data()).end("type=file; a\r\ntype=dir; d\r\n");
    return "226 done";
  };
  const handlers = { ...notRemoved, DELE: (_: unknown, path: string) => (path.endsWith("a") ? "250 gone" : "550 no") };
  await using s = await scene({ ...handlers, MLSD: deeper }, { limits: { treeDepthCount: 5 } });
  await assert.rejects(s.client.remove("top", { recursive: true }), { code: "SALLYPORT_TREE_TOO_LARGE" });
  assert.equal(s.server.heard.filter((line) => line.startsWith("MLSD")).length, 5);
});

test("a recursive removal takes what is there, a directory's content before the directory", async () => {
  const content: Record<string, string> = { top: "type=file; a\r\ntype=dir; d\r\n", "top/d": "type=file; b\r\n" };
  const full = new Set(["top", "top/d"]);
  const list: Handler = async (login, path) => {
    login.reply("150 coming");
    (await login.data()).end(content[path] ?? "");
    full.delete(path);
    return "226 done";
  };
  const handlers: Readonly<Record<string, Handler>> = {
    DELE: (_, path) => (path in content ? "550 a directory" : "250 gone"),
    RMD: (_, path) => (full.has(path) ? "550 not empty" : "250 gone"),
    MLSD: list,
  };
  await using s = await scene(handlers);
  await s.client.remove("top", { recursive: true });
  const removals = s.server.heard.filter((line) => /^(?:DELE|RMD)/.test(line));
  assert.deepEqual(removals, ["DELE top", "RMD top", "DELE top/a", "DELE top/d/b", "RMD top/d", "RMD top"]);
});

test("S-09 CR, LF and NUL in a path are refused before anything is sent", async () => {
  await using s = await scene({});
  const heardCount = s.server.heard.length;
  for (const path of ["a\r\nDELE b", "a\nb", "a\0b"]) {
    await assert.rejects(async () => s.client.stat(path), { name: "UsageError" });
    await assert.rejects(async () => s.client.raw(`SITE ${path}`), { name: "UsageError" });
  }
  assert.equal(s.server.heard.length, heardCount);
});

test("a digest is asked for by whatever command the server has", async () => {
  const hex = "ab".repeat(20);
  await using s = await scene({
    FEAT: () => "211-Features\r\n XSHA1\r\n XCRC\r\n211 End",
    XSHA1: () => `250 ${hex.toUpperCase()}`,
    XCRC: () => "250 BEEF",
  });
  assert.deepEqual(await s.client.hash("file"), { algorithm: "SHA-1", hex, command: "XSHA1" });
  assert.equal((await s.client.hash("file", { algorithm: "CRC32" })).hex, "0000beef");
  await assert.rejects(s.client.hash("file", { algorithm: "MD5" }), { code: "SALLYPORT_HASH_UNAVAILABLE" });
});

for (const [title, isRefusedAlways] of [
  ["gives the name to the new file and removes the old one", false],
  ["puts the old file back where the new one is refused even so", true],
] as const) {
  test(`where a taken name refuses a rename, the client puts the old file aside, and ${title}`, async () => {
    const there = new Set(["file"]);
    let from = "";
    let part = "";
    await using s = await scene({
      STOR: async (login, name) => {
        there.add((part = name));
        login.reply("150 send");
        (await login.data()).resume();
        return "226 stored";
      },
      DELE: (_, name) => (there.delete(name) ? "250 deleted" : "550 no"),
      RNFR: (_, name) => {
        from = name;
        return there.has(name) ? "350 go on" : "550 no";
      },
      RNTO: (_, to) => {
        if (there.has(to) || (isRefusedAlways && from === part && to === "file")) return "550 no";
        there.delete(from);
        there.add(to);
        return "250 renamed";
      },
    });
    const written = s.client.write("file", "x");
    await (isRefusedAlways ? assert.rejects(written, { code: "SALLYPORT_COMMAND_REFUSED" }) : written);
    assert.deepEqual([...there], ["file"]);
    const deleted = s.server.heard.filter((line) => line.startsWith("DELE"));
    assert.equal(deleted.length, 1);
    assert.ok(!deleted.includes("DELE file"));
  });
}

test("STOR that is refused leaves no empty file that it made", async () => {
  await using s = await scene({ STOR: () => "553 no", MLST: () => "550 no such file" });
  for (const atomic of [true, false]) {
    await assert.rejects(s.client.write("file", "x", { atomic }), { code: "SALLYPORT_COMMAND_REFUSED" });
  }
  const deleted = s.server.heard.filter((line) => line.startsWith("DELE"));
  assert.match(deleted[0] ?? "", /^DELE \.file\.sallyport-part-/);
  assert.equal(deleted[1], "DELE file");
});

test("STOR that is refused over a file that was there deletes nothing", async () => {
  await using s = await scene({
    STOR: () => "553 no",
    MLST: () => "250-Listing\r\n type=file;size=1; file\r\n250 End",
  });
  await assert.rejects(s.client.write("file", "x", { atomic: false }), { code: "SALLYPORT_COMMAND_REFUSED" });
  assert.deepEqual(
    s.server.heard.filter((line) => line.startsWith("DELE")),
    [],
  );
});
