import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { eventKinds } from "../../packages/daemon/src/log/event-table.ts";
import { repository } from "../tidy/source-files.ts";

test("docs/guide/operations.md lists every event of the log, and no other", () => {
  const guide = readFileSync(join(repository, "docs/guide/operations.md"), "utf8");
  const section = guide.split("\n## The log\n")[1]?.split("\n## ")[0] ?? "";
  const told = [...section.matchAll(/^\| (`[a-z-]+`(?:, `[a-z-]+`)*) +\|/gm)].flatMap(([, cell = ""]) =>
    cell.replaceAll("`", "").split(", "),
  );
  assert.deepEqual(told.filter((name) => name !== "event").toSorted(), eventKinds.toSorted());
});
