import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { History, historyCountMax, rememberedLine, shownLine } from "../../src/shell/history.ts";
import { scratchDirectory } from "../run-sallyport.ts";

const scratch = scratchDirectory();

describe("history", () => {
  test("R-CLI-08 keeps no password", () => {
    for (const [line, kept] of [
      ["open ftp://alice:secret@host/x", "open ftp://alice@host/x"],
      ["open alice:secret@host", "open alice@host"],
      ["open 'ftpes://alice:secret@host' && ls", "open 'ftpes://alice@host' && ls"],
      ["open ftp://alice:se@cret@host", "open ftp://alice@host"],
      ["bookmark add x ftps://a:secret@h:990/", "bookmark add x ftps://a@h:990/"],
      ["get x:21 y", "get x:21 y"],
      ["open ftps://alice@host:990/a@b", "open ftps://alice@host:990/a@b"],
      ["open 'ftp://alice:sec ret@host'", undefined],
      ["open ftp://a@b:secret@host", undefined],
      ["open ftpes://alice:sec/ret@host/x", undefined],
      ["open alice:/secret@host", undefined],
      ["open host:2121/a@b", "open host:2121/a@b"],
      ["raw PASS secret", undefined],
      ["quote acct secret", undefined],
      ["ls; raw 'PASS secret'", undefined],
      ["queue add raw pass secret", undefined],
      ["raw SITE PSWD old new", undefined],
      ["raw STAT", "raw STAT"],
      [" ls", undefined],
      ["", undefined],
      ["ls \u001B[2J", undefined],
      ["x".repeat(5_000), undefined],
    ] as const)
      assert.equal(rememberedLine(line), kept, line);
    assert.equal(shownLine(" open ftp://alice:secret@host/x"), "open ftp://alice@host/x");
    assert.equal(shownLine("raw PASS secret"), "raw …");
    assert.equal(shownLine(`get ${"x".repeat(5_000)}`), "get …");
  });

  test("lies in a file that its owner alone can read, and does not grow without end", async () => {
    const path = join(scratch, "state", "history");
    const first = await History.load(path);
    await first.add("ls");
    await first.add("ls");
    await first.add("open ftp://alice:secret@host/");
    assert.equal(readFileSync(path, "utf8"), "ls\nopen ftp://alice@host/\n");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o644);
    assert.deepEqual((await History.load(path)).lines, ["ls", "open ftp://alice@host/"]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const many = Array.from({ length: 2 * historyCountMax + 1 }, (_, at) => `cat ${at}\n`);
    writeFileSync(path, many.join(""));
    const { lines } = await History.load(path);
    assert.deepEqual([lines.length, lines.at(-1)], [historyCountMax, `cat ${2 * historyCountMax}`]);
    assert.equal(readFileSync(path, "utf8").split("\n").length, historyCountMax + 1);
  });

  test("is none where something else lies in its place, and that stays", async () => {
    const history = await History.load(scratch);
    await history.add("ls");
    assert.deepEqual(history.lines, ["ls"]);
    assert.deepEqual((await History.load(undefined)).lines, []);
  });
});
