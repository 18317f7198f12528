import { needs, startTestServer, type TestServer } from "@sallyport/testing";
import { Gateway } from "@sallyport/web";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { CopyJson, DownloadJson, LoginEvent, LoginJson, SearchLine } from "../src/api/api.ts";
import { safeName } from "../src/gateway/files/archive.ts";
import { matcher } from "../src/gateway/routes/search.ts";
import { BrowserHalf } from "./browser-half.ts";

suite("Managing files through the gateway", () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-managing-"));
  const big = randomBytes(3_000_000);
  let one: TestServer;
  let other: TestServer;
  let gateway: Gateway;
  let browser: BrowserHalf;
  let login: LoginJson;
  let beside: LoginJson;

  before(async () => {
    [one, other] = await Promise.all([startTestServer(), startTestServer()]);
    const authorities = `${one.identity.ca}\n${other.identity.ca}`;
    gateway = await Gateway.start({ listen: "127.0.0.1", port: 0, version: "0.0.0", authorities });
    browser = new BrowserHalf(gateway.port);
    login = await browser.signIn({ address: `localhost:${one.explicitPort}`, security: "explicit" });
    beside = await browser.signIn({ address: `localhost:${other.implicitPort}`, security: "implicit" });
    mkdirSync(join(one.directory, "tree/deep/er"), { recursive: true });
    mkdirSync(join(one.directory, "tree/empty"));
    writeFileSync(join(one.directory, "tree/big.bin"), big);
    writeFileSync(join(one.directory, "tree/deep/er/three ü.txt"), "three");
    writeFileSync(join(one.directory, "Report.txt"), "report");
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Copies that have ended; who watches a login later hears of them again. */
  const ended = new Set<string>();

  /** How the next copy ends; resolves to that promise once its end cannot be missed. */
  async function watchCopy(): Promise<{ readonly end: Promise<Extract<LoginEvent, { kind: "transfer" }>> }> {
    const isWatched = Promise.withResolvers<void>();
    const events = browser.eventsUntil(login, (event) => {
      // The dialogue so far comes first.
      isWatched.resolve();
      return (
        event.kind === "transfer" && event.direction === "copy" && event.state !== "running" && !ended.has(event.id)
      );
    });
    await isWatched.promise;
    const end = events.then((all) => {
      const last = all.at(-1);
      assert.ok(last?.kind === "transfer");
      ended.add(last.id);
      return last;
    });
    return { end };
  }

  /** Copies, and waits until it is over. */
  async function copied(request: object): Promise<string> {
    const { end } = await watchCopy();
    const response = await browser.post(`/api/logins/${login.id}/copies`, { directory: "/", ...request });
    assert.equal(response.status, 202, await response.clone().text());
    const { id } = (await response.json()) as CopyJson;
    const last = await end;
    assert.equal(last.id, id);
    return last.state;
  }

  test("copies a tree to another server, and moves a file there", async () => {
    const place = { toLogin: beside.id, toDirectory: "/" };
    assert.equal(await copied({ names: ["tree"], ...place }), "done");
    assert.ok(readFileSync(join(other.directory, "tree/big.bin")).equals(big));
    assert.equal(readFileSync(join(other.directory, "tree/deep/er/three ü.txt"), "utf8"), "three");
    assert.ok(existsSync(join(other.directory, "tree/empty")));
    writeFileSync(join(one.directory, "goes.txt"), "goes");
    assert.equal(await copied({ names: ["goes.txt"], ...place, isMove: true }), "done");
    assert.equal(readFileSync(join(other.directory, "goes.txt"), "utf8"), "goes");
    assert.ok(!existsSync(join(one.directory, "goes.txt")));
  });

  test("copies within a server, beside itself under another name, and never into itself", async () => {
    const here = { toLogin: login.id };
    assert.equal(await copied({ names: ["Report.txt"], ...here, toDirectory: "/" }), "done");
    assert.equal(await copied({ names: ["Report.txt"], ...here, toDirectory: "/tree/empty" }), "done");
    assert.equal(readFileSync(join(one.directory, "tree/empty/Report.txt"), "utf8"), "report");
    assert.ok(existsSync(join(one.directory, "Report (1).txt")) || existsSync(join(one.directory, "Report (2).txt")));
    const into = { directory: "/", names: ["tree"], ...here, toDirectory: "/tree/deep" };
    const problem = await browser.refused(browser.post(`/api/logins/${login.id}/copies`, into), 409);
    assert.equal(problem.code, "SALLYPORT_COPY_INTO_ITSELF");
  });

  test("a copy that is cancelled ends, and leaves no part for a whole", async () => {
    const sizeBytes = 512 * 1024 * 1024;
    writeFileSync(join(one.directory, "huge.bin"), "");
    truncateSync(join(one.directory, "huge.bin"), sizeBytes);
    const { end } = await watchCopy();
    const request = { directory: "/", names: ["huge.bin"], toLogin: beside.id, toDirectory: "/" };
    const begun = await browser.post(`/api/logins/${login.id}/copies`, request);
    const { id } = (await begun.json()) as CopyJson;
    assert.equal((await browser.send("DELETE", `/api/logins/${login.id}/copies/${id}`)).status, 204);
    assert.equal((await end).state, "cancelled");
    assert.ok(!existsSync(join(other.directory, "huge.bin")));
  });

  test("a move keeps what was not copied", async () => {
    writeFileSync(join(one.directory, "kept.txt"), "mine");
    writeFileSync(join(other.directory, "kept.txt"), "theirs");
    const place = { toLogin: beside.id, toDirectory: "/", isMove: true, onConflict: "skip" };
    assert.equal(await copied({ names: ["kept.txt"], ...place }), "done");
    assert.equal(readFileSync(join(one.directory, "kept.txt"), "utf8"), "mine");
    assert.equal(readFileSync(join(other.directory, "kept.txt"), "utf8"), "theirs");
  });

  test("searches a tree, in any case and with parts", async () => {
    const search = async (text: string): Promise<readonly string[]> => {
      const response = await browser.post(`/api/logins/${login.id}/search`, { path: "/", text });
      const lines = (await response.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as SearchLine);
      const last = lines.at(-1);
      assert.ok(last !== undefined && "end" in last && !last.end.isCut && last.end.unread === 0, JSON.stringify(last));
      return lines.flatMap((line) =>
        "found" in line ? line.found.map(({ directory, entry }) => `${directory}|${entry.name}`) : [],
      );
    };
    assert.deepEqual(await search("THREE"), ["/tree/deep/er|three ü.txt"]);
    assert.deepEqual(await search("b*bin"), ["/tree|big.bin"]);
    assert.deepEqual(await search("nothing like it"), []);
  });

  test("packs files and folders into one archive that unzip reads", { skip: needs("unzip") }, async () => {
    const names = ["Report.txt", "tree"];
    const made = await browser.post(`/api/logins/${login.id}/archives`, { directory: "/", names });
    const { url } = (await made.json()) as DownloadJson;
    const answer = await browser.send("GET", url);
    assert.match(answer.headers.get("Content-Security-Policy") ?? "", /^sandbox/);
    assert.match(answer.headers.get("Content-Disposition") ?? "", /attachment; filename="files\.zip"/);
    writeFileSync(join(folder, "files.zip"), Buffer.from(await answer.arrayBuffer()));
    const unpacked = spawnSync("unzip", ["-q", "files.zip", "-d", "out"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    assert.equal(unpacked.status, 0, unpacked.stderr);
    assert.ok(readFileSync(join(folder, "out/tree/big.bin")).equals(big));
    assert.equal(readFileSync(join(folder, "out/tree/deep/er/three ü.txt"), "utf8"), "three");
    assert.ok(existsSync(join(folder, "out/tree/empty")));
    const gone = await browser.post(`/api/logins/${login.id}/archives`, { directory: "/", names: ["not there"] });
    const { url: nowhere } = (await gone.json()) as DownloadJson;
    await browser.refused(browser.send("GET", nowhere), 404);
    const up = { directory: "/", names: ["../etc"] };
    await browser.refused(browser.post(`/api/logins/${login.id}/archives`, up), 400);
  });

  test("a seek in a file of 5 GiB moves less than 2 MiB", async () => {
    const sizeBytes = 5 * 1024 ** 3;
    const at = 4_000_000_000;
    writeFileSync(join(one.directory, "long.webm"), "");
    truncateSync(join(one.directory, "long.webm"), sizeBytes);
    const made = await browser.post(`/api/logins/${login.id}/downloads`, { path: "/long.webm", shown: true });
    const { url } = (await made.json()) as DownloadJson;
    const since = one.events.length;
    // As a browser's player does: from there on to the end, and away once there is enough.
    const request = get(`${browser.origin}${url}`, { headers: { Cookie: browser.cookie, Range: `bytes=${at}-` } });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    assert.equal(answer.statusCode, 206);
    assert.equal(answer.headers["content-range"], `bytes ${at}-${sizeBytes - 1}/${sizeBytes}`);
    assert.equal(answer.headers["content-type"], "video/webm");
    let read = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read >= 200_000) break;
    }
    answer.destroy();
    const sent = (): number | undefined => one.events.slice(since).find((event) => event.kind === "transfer")?.bytes;
    for (let tries = 0; sent() === undefined && tries < 100; tries++) await delay(50);
    assert.ok((sent() ?? sizeBytes) < 2 * 1024 ** 2, String(sent()));
  });

  test("names in an archive lead nowhere, and a search takes time by the length of names alone", () => {
    const rows: readonly (readonly [string, string])[] = [
      ["..", "_"],
      ["../../etc/passwd", ".._.._etc_passwd"],
      ["C:\\x", "C__x"],
      ["a\u202Egpj.exe", "a_gpj.exe"],
      ["trailing. ", "trailing_"],
      ["", "_"],
      ["plain ü.txt", "plain ü.txt"],
    ];
    for (const [name, wanted] of rows) assert.equal(safeName(name), wanted);
    const fits = matcher(`${"a*".repeat(90)}b`);
    assert.equal(fits("a".repeat(4000)), false);
    assert.equal(matcher("a*C")("xAbbc"), true);
  });
});
