import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { needs } from "@sallyport/testing";
import { isLiving, processToken } from "../../src/storage/local/living-process.ts";

/** The token that a process had as long as it lived. */
function tokenOf(processId: number): string {
  const [boot, namespace] = processToken().split("-");
  const line = readFileSync(`/proc/${processId}/stat`, "latin1");
  return `${boot}-${namespace}-${processId}-${line.slice(line.lastIndexOf(")") + 2).split(" ")[19]}`;
}

test("this process lives, and one of another boot or namespace does not", { skip: needs("linux") }, () => {
  const token = processToken();
  assert.equal(isLiving(token), true);
  assert.equal(isLiving(token.replace(/^[^-]+/, "00000000")), false);
  assert.equal(isLiving(token.replace(/-\d+-/, "-1-")), false);
  assert.equal(isLiving("not a token"), false);
});

test("a process that has ended is dead, also while nobody has waited for it", { skip: needs("linux") }, async () => {
  // The shell becomes sleep, which never waits for the child that the shell had.
  const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 20"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const child = Number(line.toString());
    const token = tokenOf(child);
    assert.equal(isLiving(token), true);
    while (!/\) Z /.test(readFileSync(`/proc/${child}/stat`, "latin1"))) {
      // oxlint-disable-next-line no-await-in-loop -- until it has ended
      await pause(20);
    }
    assert.equal(isLiving(token), false);
  } finally {
    parent.kill("SIGKILL");
  }
});
