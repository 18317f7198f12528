import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { shellServer } from "./shell-server.ts";
import { noTerminal, type Typist } from "./terminal.ts";

const server = shellServer();
const { here, stateHome, url } = server;
const keys = { tab: "\t", interrupt: "\u0003", end: "\u0004", suspend: "\u001A", up: "\u001B[A", enter: "\r" };
const port = (): string => new URL(url.explicit.replace("ftpes", "http")).port;

/** Begins a download that takes long, and waits until it runs. */
async function beginSlowly(typist: Typist, command: string): Promise<void> {
  assert.doesNotMatch(await typist.does("set limit-rate 200K"), /takes/);
  typist.type(`${command}\r`);
  await typist.sees(/■ [^>]*\d%|□ [^>]*\d%/);
}

describe("the shell on a terminal", { skip: noTerminal }, () => {
  test("shows where one is, and completes paths with Tab", { timeout: 60_000 }, async () => {
    await using typist = server.type();
    await typist.sees(`■ TLS 1.3 alice@127.0.0.1:${port()} /> `);
    await typist.does(`lcd '${here}'`);
    typist.type(`cd p${keys.tab}`);
    await typist.sees("cd pub/");
    typist.type(keys.enter);
    await typist.sees(`${port()} /pub> `);
    typist.type(`cat tw${keys.tab}`);
    await typist.sees("two\\ words.txt");
    typist.type(keys.enter);
    assert.match(await typist.sees("/pub> "), /two\r\n/);
    typist.type(`ls a${keys.tab}${keys.tab}`);
    await typist.sees(/a1\.txt +a\\\[1\\\]\.txt/);
    typist.type(keys.interrupt);
    typist.type(`cat es${keys.tab}`);
    await typist.sees("esc\\x1B\\[2Jape.txt");
    typist.type(keys.enter);
    assert.match(await typist.sees("/pub> "), /escape\r\n/);
    assert.match(await typist.does("ls"), /esc\\x1B\[2Jape\.txt/);
    assert.ok(!typist.shown.includes("\u001B[2J"));
    typist.type(keys.interrupt + keys.interrupt);
    await typist.sees("Ctrl-D or exit leaves.");
    typist.type(keys.end);
    assert.equal(await typist.ends(), 0);
  });

  test(
    "Ctrl-C gives up what runs and not the shell, Ctrl-Z puts it into the background",
    { timeout: 60_000 },
    async () => {
      await using typist = server.type();
      await typist.sees("> ");
      await typist.does(`lcd '${here}'`);
      await beginSlowly(typist, "get big.bin");
      typist.type(keys.interrupt);
      assert.match(await typist.sees("/> "), /get: Interrupted\./);
      assert.ok(!existsSync(join(here, "big.bin")));
      assert.deepEqual(readdirSync(here), []);
      await beginSlowly(typist, "get big.bin -o second.bin");
      typist.type(keys.suspend);
      assert.match(await typist.sees("/> "), /\[1\] goes on in the background: get big\.bin -o second\.bin/);
      assert.match(await typist.does("jobs"), /\[1\] running .* get big\.bin/);
      typist.type("fg\r");
      await typist.sees(/■ [^>]*\d%/);
      typist.type(keys.suspend);
      await typist.sees("/> ");
      await typist.does("set limit-rate off");
      await typist.does("kill 1");
      assert.match(await typist.does("wait"), /\[1\] Killed: get big\.bin/);
      assert.match(await typist.does("get big.bin -o third.bin &"), /\[1\] get big\.bin -o third\.bin/);
      assert.match(await typist.does("wait 1"), /1 file, 2\.9 MiB[^]*\[1\] Done: get big\.bin/);
      assert.equal(readFileSync(join(here, "third.bin")).length, 3_000_000);
      await beginSlowly(typist, "get big.bin -o fourth.bin");
      typist.type(keys.suspend);
      await typist.sees("/> ");
      typist.type(keys.end);
      await typist.sees("Waiting for a job in the background; Ctrl-C ends it.");
      typist.type(keys.interrupt);
      await typist.sees("[1] Killed");
      assert.equal(await typist.ends(), 0);
      assert.deepEqual(readdirSync(here), ["third.bin"]);
    },
  );

  test("R-CLI-08 history outlives the shell, without passwords, for its owner alone", { timeout: 60_000 }, async () => {
    const withPassword = url.implicit.replace("alice", "alice:correct%20horse");
    await using first = server.type([]);
    await first.sees("sallyport> ");
    assert.doesNotMatch(await first.does(`open ${withPassword}`), /refuses/);
    assert.match(await first.does("pwd"), /\/\r\n/);
    first.type("exit 4\r");
    assert.equal(await first.ends(), 4);
    const path = join(stateHome, "sallyport", "history");
    const lines = readFileSync(path, "utf8").split("\n");
    assert.deepEqual(lines.slice(-4), [`open ${url.implicit}`, "pwd", "exit 4", ""]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await using second = server.type([]);
    await second.sees("sallyport> ");
    second.type(keys.up + keys.up + keys.up);
    await second.sees(`open ${url.implicit}`);
    second.type(keys.interrupt + keys.end);
    assert.equal(await second.ends(), 0);
  });
});
