import { SyncJournal } from "../../src/sync/journal.ts";

/** Writes lines until it is killed, and tells how many are written. */
const [path = "", from = "0"] = process.argv.slice(2);
const journal = await SyncJournal.open(path, "key");
for (let at = Number(from); at < 1_000_000; at++) {
  const facts = { sizeBytes: at, modified: { instantMs: 0, precisionMs: 1 } };
  await journal.begin(`file-${at}`, facts, `.part-${at}`);
  await journal.done(`file-${at}`, facts);
  process.stdout.write(`${at + 1}\n`);
}
