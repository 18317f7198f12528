import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { FileFacts } from "../../src/sync/action.ts";
import { formatJournalLine, parseJournalLine } from "../../src/sync/journal-lines.ts";
import { SyncJournal, journalKey } from "../../src/sync/journal.ts";

const facts = (sizeBytes: number | bigint, instantMs = 0): FileFacts => ({
  sizeBytes,
  modified: { instantMs, precisionMs: 1 },
});

function isDone(
  journal: SyncJournal,
  path: string,
  sizeBytes: number,
  targetBytes = sizeBytes,
  instantMs = 0,
): boolean {
  const source = { path, kind: "file" as const, ...facts(sizeBytes, instantMs) };
  return journal.isFinished(source, { path, kind: "file", sizeBytes: targetBytes });
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sallyport-journal-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("a journal that was left is continued, a finished one is gone", async (context) => {
  const path = join(await folderOf(context), "deep", "journal");
  {
    await using journal = await SyncJournal.open(path, "key");
    assert.equal(journal.resumed, false);
    await Promise.all([journal.begin("a", facts(1), ".a.part"), journal.begin("b", facts(2n ** 60n), ".b.part")]);
    await journal.done("a", facts(1));
  }
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await using journal = await SyncJournal.open(path, "key");
  assert.equal(journal.resumed, true);
  assert.equal(journal.doneCount, 1);
  assert.ok(isDone(journal, "a", 1));
  assert.ok(!isDone(journal, "a", 2), "the source has another size now");
  assert.ok(!isDone(journal, "a", 1, 0), "the target was cut");
  assert.ok(!isDone(journal, "a", 1, 1, 9), "the source was changed");
  assert.ok(!isDone(journal, "b", 2));
  assert.deepEqual(journal.begunTransfer("b", facts(2n ** 60n)), { part: ".b.part" });
  assert.equal(journal.begunTransfer("b", facts(2n ** 60n, 5)), undefined);
  assert.deepEqual(journal.parts(), [["b", ".b.part"]]);
  await journal.forget("b");
  assert.equal(journal.begunTransfer("b", facts(2n ** 60n)), undefined);
  await journal.finish();
  await assert.rejects(stat(path), { code: "ENOENT" });
  await assert.rejects(journal.done("c", facts(1)), { code: "SALLYPORT_JOURNAL_CLOSED" });
});

test("a journal of other trees or options is not continued", async (context) => {
  const path = join(await folderOf(context), "journal");
  {
    await using journal = await SyncJournal.open(path, journalKey({ source: "ftp://h/a", delete: true }));
    await journal.done("a", facts(1));
  }
  {
    await using journal = await SyncJournal.open(path, journalKey({ delete: true, source: "ftp://h/a" }));
    assert.equal(journal.resumed, true);
  }
  await using journal = await SyncJournal.open(path, journalKey({ source: "ftp://h/a", delete: false }));
  assert.equal(journal.resumed, false);
  assert.ok(!isDone(journal, "a", 1));
});

test("a journal cut at any octet keeps every whole line and goes on from there", async (context) => {
  const path = join(await folderOf(context), "journal");
  const names = ["a", "ü/b\n", "caf\uDCE9", 'q"\\', "a"];
  {
    await using journal = await SyncJournal.open(path, "key");
    for (const [at, name] of names.entries()) {
      await journal.begin(name, facts(at), `.part${at}`);
      await journal.done(name, facts(at));
    }
    await journal.begin("last", facts(9), ".part9");
  }
  const whole = await readFile(path);
  for (let length = 0; length <= whole.length; length++) {
    const cut = whole.subarray(0, length);
    const zeros = Buffer.concat([cut, Buffer.alloc(7)]);
    const garbage = Buffer.concat([cut, Buffer.from("\xFF{]\n{}\n", "latin1")]);
    for (const content of length % 4 === 0 ? [cut, zeros, garbage] : [cut]) {
      await writeFile(path, content);
      const linesCount = cut.toString("latin1").split("\n").length - 2;
      {
        await using journal = await SyncJournal.open(path, "key");
        for (let at = 0; at < 4; at++) {
          const doneAgain = at === 0 && linesCount >= 9;
          const expected = linesCount >= 2 * at + 2 && !doneAgain;
          assert.equal(isDone(journal, names[at] ?? "", at), expected, `${length}: ${names[at]}`);
        }
        assert.equal(isDone(journal, "a", 4), linesCount >= 10);
        assert.equal(journal.begunTransfer("last", facts(9)) !== undefined, linesCount >= 11);
        await journal.done("new", facts(3));
      }
      await using again = await SyncJournal.open(path, "key");
      assert.ok(isDone(again, "new", 3), `${length}: what was added is read back`);
      assert.equal(isDone(again, "ü/b\n", 1), linesCount >= 4);
    }
  }
});

test("a journal is written anew when most of it is overtaken", async (context) => {
  const path = join(await folderOf(context), "journal");
  {
    await using journal = await SyncJournal.open(path, "key");
    const steps: Promise<void>[] = [];
    for (let at = 0; at < 10_020; at++) steps.push(journal.done(`f${at % 10}`, facts(at)));
    await Promise.all(steps);
  }
  const { size } = await stat(path);
  assert.ok(size < 2_000, `${size} octets`);
  await using journal = await SyncJournal.open(path, "key");
  for (let at = 0; at < 10; at++) assert.ok(isDone(journal, `f${at}`, 10_010 + at));
});

test("one process at a time carries out a plan", async (context) => {
  const path = join(await folderOf(context), "journal");
  await using journal = await SyncJournal.open(path, "key");
  await assert.rejects(SyncJournal.open(path, "key"), { code: "SALLYPORT_JOURNAL_BUSY" });
  await journal.done("a", facts(1));
});

test("lines are read back as they were written, and nothing else is taken for one", () => {
  const file = fc
    .record({
      sizeBytes: fc.option(fc.bigInt({ min: 0n, max: 2n ** 70n }), { nil: undefined }),
      modifiedMs: fc.option(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
        { nil: undefined },
      ),
    })
    .map((known) => ({ ...known }));
  const text = fc.string({ unit: "binary" }).map((value) => `${value}\uDCE9`);
  fc.assert(
    fc.property(text, text, file, (path, part, known) => {
      for (const line of [
        { kind: "header", key: path },
        { kind: "begun", path, file: known, part },
        { kind: "done", path, file: known },
        { kind: "undone", path },
      ] as const) {
        const written = formatJournalLine(line);
        assert.equal(written.indexOf("\n"), written.length - 1);
        assert.deepEqual(parseJournalLine(written.trimEnd()), line);
      }
    }),
  );
  for (const wrong of [
    "",
    "{}",
    "[]",
    "null",
    '{"done":1}',
    '{"done":"a","size":1}',
    '{"done":"a","size":"x"}',
    '{"journal":2,"key":"k"}',
  ]) {
    assert.equal(parseJournalLine(wrong), undefined, wrong);
  }
});

test(
  "a process killed at a random moment leaves every line that it was told is written",
  { timeout: 60_000 },
  async (context) => {
    const path = join(await folderOf(context), "journal");
    const program = fileURLToPath(new URL("journal-writer.ts", import.meta.url));
    let from = 0;
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ["--conditions=source", program, path, String(from)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const told = await killedAfter(child, 40 + 35 * round);
      await using journal = await SyncJournal.open(path, "key");
      assert.ok(told >= from, "it came to write");
      assert.equal(journal.resumed, true);
      for (let at = 0; at < told; at++) assert.ok(isDone(journal, `file-${at}`, at), `${at} of ${told}`);
      from = told;
    }
  },
);

/** Kills it so many milliseconds after its first word; returns the last number that it told. */
async function killedAfter(child: ChildProcess, delayMs: number): Promise<number> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    if (text === "") setTimeout(() => child.kill("SIGKILL"), delayMs);
    text += chunk.toString();
  });
  await once(child, "close");
  return Number(text.split("\n").at(-2) ?? 0);
}
