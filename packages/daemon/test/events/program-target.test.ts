import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { limitValues, type LimitValues, type Octets, type VirtualPath } from "@sallyport/protocol";
import { notificationOf } from "../../src/events/notification.ts";
import { checkProgram, ProgramTarget } from "../../src/events/program-target.ts";
import { scratchDirectory, script, until } from "./ground.ts";
import { uploadEvent } from "./published.ts";

const scratch = scratchDirectory();
const never = new AbortController().signal;

function target(lines: string, limits: Partial<LimitValues> = {}): ProgramTarget {
  const path = script(join(scratch, `program-${programs++}`), lines);
  return opened(new ProgramTarget(path, { directory: scratch, limits: limitValues(limits) }));
}

function opened(program: ProgramTarget): ProgramTarget {
  after(() => program[Symbol.asyncDispose]());
  return program;
}

let programs = 0;

const given = { id: "an-id", body: JSON.stringify({ id: "an-id", event: "published", path: "/a b", sha256: null }) };

test("a program gets the document on standard input and in a clean environment, and no arguments", async () => {
  const input = join(scratch, "input");
  const variables = join(scratch, "variables");
  const delivery = await target(
    `cat > ${input}; env > ${variables}; echo "$#" >> ${variables}; pwd >> ${variables}`,
  ).deliver(given, never);
  assert.deepEqual(delivery, { kind: "delivered" });
  assert.equal(readFileSync(input, "utf8"), given.body);
  const lines = readFileSync(variables, "utf8").trimEnd().split("\n");
  const names = lines.slice(0, -2).map((line) => line.split("=")[0]);
  // sh adds PWD, and where it is bash OLDPWD, SHLVL and _.
  const own = names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name ?? "")).toSorted();
  assert.deepEqual(own, ["LANG", "PATH", "SALLYPORT_EVENT", "SALLYPORT_ID", "SALLYPORT_PATH"]);
  assert.ok(lines.includes("SALLYPORT_PATH=/a b"));
  assert.deepEqual(lines.slice(-2), ["0", scratch]);
});

test("a name can become neither a command nor an option, whatever its octets are", async () => {
  const hostile = [
    "/$(touch pwned)",
    "/`touch pwned`",
    "/;touch pwned",
    "/--version",
    "/-rf",
    "/a\nb'\"\\",
    "/caf\xE9",
  ];
  for (const name of hostile) {
    const event = uploadEvent("/x", { path: name as Octets as VirtualPath });
    const notification = notificationOf(event, { server: "here", root: scratch });
    assert.ok(notification !== undefined);
    const out = join(scratch, `out-${programs}`);
    const program = target(
      `printf '%s' "$SALLYPORT_PATH_ENCODED" > ${out}; printf '%s' "$SALLYPORT_PATH" > ${out}-text; exit $#`,
    );
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const delivery = await program.deliver({ id: notification.id, body: JSON.stringify(notification.document) }, never);
    assert.deepEqual(delivery, { kind: "delivered" }, name);
    const octets = decodeURIComponent(readFileSync(out, "latin1").replaceAll("%E9", "%C3%A9"));
    assert.equal(octets, name);
    assert.equal(readFileSync(`${out}-text`, "utf8"), name.includes("\xE9") ? "" : name);
  }
  assert.equal(existsSync(join(scratch, "pwned")), false);
});

test("another exit code, a signal and a program that cannot be started fail, with the end of what was written", async () => {
  const limits = { notifyOutputBytes: 20 };
  const failed = await target("seq 100000; echo 'no room' >&2; sleep 0.1; exit 3", limits).deliver(given, never);
  assert.ok(failed.kind === "failed" && failed.scope === "event");
  assert.match(failed.cause, /^exit code 3: .*no room$/s);
  assert.ok(failed.cause.length <= "exit code 3: ".length + 20, failed.cause);
  assert.deepEqual(await target("kill -KILL $$").deliver(given, never), {
    kind: "failed",
    scope: "event",
    cause: "ended by SIGKILL",
  });
  const gone = opened(new ProgramTarget(join(scratch, "gone"), { directory: scratch, limits: limitValues() }));
  assert.deepEqual(await gone.deliver(given, never), {
    kind: "failed",
    scope: "target",
    cause: "it could not be started (ENOENT)",
  });
});

test("an event that no environment has room for fails by itself and does not hold up the others", async () => {
  const body = JSON.stringify({ id: "x", control: { clientCertificate: { subject: "\\,".repeat(70_000) } } });
  const delivery = await target("exit 0").deliver({ id: "x", body }, never);
  assert.deepEqual(delivery, { kind: "failed", scope: "event", cause: "it could not be started (E2BIG)" });
});

test("a program that hangs is ended with everything that it started, with SIGKILL if need be", async () => {
  const pids = join(scratch, "pids");
  const limits = { notifyProgramMs: 300, notifyKillMs: 200 };
  const stubborn = target(
    `trap '' TERM; sh -c "trap '' TERM; sleep 60" & echo $$ $! > ${pids}; wait; sleep 60`,
    limits,
  );
  const startedMs = performance.now();
  const delivery = await stubborn.deliver(given, never);
  assert.deepEqual(delivery, { kind: "failed", scope: "event", cause: "it ran longer than 0.3 s" });
  assert.ok(performance.now() - startedMs < 5000);
  for (const pid of readFileSync(pids, "utf8").trim().split(" ").map(Number)) {
    // oxlint-disable-next-line no-await-in-loop -- two
    await until(() => hasEnded(pid), `process ${pid} ended`);
  }
});

test("what a program leaves running does not hold up its delivery", async () => {
  const startedMs = performance.now();
  assert.deepEqual(await target("sleep 3 &").deliver(given, never), { kind: "delivered" });
  assert.ok(performance.now() - startedMs < 2000);
});

test("a stopping server ends a program and does not count it as told", async () => {
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 100);
  const delivery = await target("sleep 60").deliver(given, stopping.signal);
  assert.deepEqual(delivery, { kind: "failed", scope: "event", cause: "the server is stopping" });
});

test("a program must be absolute, there, executable, and out of the reach of uploads", () => {
  const root = join(scratch, "served");
  mkdirSync(root);
  const served = { root, readOnly: false };
  const good = script(join(scratch, "good"), "true");
  checkProgram(good, served);
  const inside = script(join(root, "inside"), "true");
  const link = join(scratch, "link");
  symlinkSync(inside, link);
  const still = join(scratch, "still");
  writeFileSync(still, "#!/bin/sh\n");
  const open = script(join(scratch, "open"), "true");
  chmodSync(open, 0o757);
  const complaints: [string, RegExp][] = [
    ["relative", /no absolute path/],
    [join(scratch, "missing"), /ENOENT/],
    [scratch, /not a file/],
    [inside, /an upload could replace it/],
    [link, /an upload could replace it/],
    [still, /chmod \+x/],
    [open, /chmod o-w/],
  ];
  for (const [path, expected] of complaints) {
    assert.throws(
      () => checkProgram(path, served),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "SALLYPORT_NOTIFY_PROGRAM");
        assert.match(error.message, expected);
        return true;
      },
    );
  }
  checkProgram(inside, { root, readOnly: true });
});

/** A process of init's that nobody reaped counts as ended. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}
