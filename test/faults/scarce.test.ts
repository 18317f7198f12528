import { type FtpDriver, needs } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { contentOf } from "./chance.ts";
import { leftIn, processorMs } from "./holdings.ts";
import { Serving } from "./serving.ts";
import { until } from "./waiting.ts";

const mib = 1_048_576;
const alone = ["--workers", "1"];

/** Kernel calls that are made to fail once, the command that makes them, and what it is answered. */
const injections = [
  { call: "pwrite64", errno: "ENOSPC", line: "STOR file", code: 452 },
  { call: "pwrite64", errno: "EIO", line: "APPE file", code: 451 },
  { call: "rename", errno: "EIO", line: "STOR file", code: 451 },
  { call: "fchmod", errno: "EACCES", line: "STOR file", code: 553 },
  { call: "getdents64", errno: "EIO", line: "MLSD sub", code: 451 },
  { call: "openat", errno: "EMFILE", line: "RETR file", code: 450 },
  { call: "mkdir", errno: "ENOSPC", line: "MKD new", code: 452 },
  { call: "unlink", errno: "EACCES", line: "DELE other", code: 550 },
] as const;

describe("what the machine has too little of", { timeout: 120_000 }, () => {
  it(
    "S-32 a full disk refuses uploads with 452, keeps what was there, and serves on",
    {
      skip: needs("linux", "root", "mount"),
    },
    async () => {
      const root = mkdtempSync(join(tmpdir(), "sallyport-full-"));
      assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", root]).status, 0);
      try {
        await using serving = await Serving.start({ root, words: alone });
        await using driver = await serving.loggedIn();
        const old = contentOf("old", 3 * mib);
        await store(driver, "STOR old", old, 226);
        await store(driver, "STOR new", contentOf("new", 16 * mib), 452);
        await store(driver, "STOR old", contentOf("over", 6 * mib), 452);
        await store(driver, "APPE old", contentOf("more", 6 * mib), 452);
        assert.ok(readFileSync(join(root, "old")).equals(old), "the old file is whole");
        assert.ok(!existsSync(join(root, "new")), "nothing torn is published");
        await driver.command("DELE new");
        await driver.expect("DELE old", 250);
        await store(driver, "STOR new", contentOf("new", 5 * mib), 226);
        const { staging, claims, parts } = leftIn(root);
        assert.deepEqual([...staging, ...claims, ...parts], []);
        assert.equal(await serving.stop(), 0);
      } finally {
        spawnSync("umount", ["-l", root]);
        rmdirSync(root);
      }
    },
  );

  it(
    "S-15 without descriptors it refuses, idles, and serves again when there are some",
    {
      skip: needs("linux", "prlimit"),
    },
    async (context) => {
      await using serving = await Serving.start({ before: ["prlimit", "--nofile=120"], words: alone });
      writeFileSync(join(serving.root, "file"), "content");
      const drivers: FtpDriver[] = [];
      let refused = 0;
      while (refused < 3 && drivers.length < 120) {
        const driver = await serving.loggedIn({ timeoutMs: 3_000 }).catch(() => undefined);
        if (driver === undefined) refused++;
        else drivers.push(driver);
      }
      assert.equal(refused, 3, "descriptors run out");
      const [first, ...others] = drivers;
      assert.ok(first);
      for (const line of ["EPSV", "SIZE file", "MKD made", "HASH file"]) {
        const { code } = await first.command(line);
        assert.ok(code < 500 || code === 550, `${line} was answered ${code}`);
      }
      await first.expect("NOOP", 200);
      const beforeMs = processorMs(serving.pid);
      await pause(1_000);
      const busyMs = processorMs(serving.pid) - beforeMs;
      context.diagnostic(
        `${drivers.length} logins; ${busyMs} ms of processor time in a second of rest without descriptors`,
      );
      assert.ok(busyMs < 500, `${busyMs} ms of processor time in a second`);
      for (const driver of others) await driver[Symbol.asyncDispose]();
      await until("it serves again", async () => {
        const again = await serving.loggedIn({ timeoutMs: 3_000 }).catch(() => undefined);
        const fetched = await again?.retrieve("RETR file").catch(() => undefined);
        await again?.[Symbol.asyncDispose]();
        return fetched?.octets.toString() === "content";
      });
      await store(first, "STOR again", contentOf("again", 1_000), 226);
      await first[Symbol.asyncDispose]();
    },
  );

  it(
    "S-32 calls that fail in the kernel are answered with their code, and leave nothing",
    {
      skip: needs("linux", "strace"),
    },
    async (context) => {
      await using serving = await served();
      await using driver = await serving.loggedIn();
      for (const { call, errno, line, code } of injections) {
        // What a first command of its kind makes once and for all is not meant.
        await run(driver, line.replace(/(?<= )\w+$/, "spare"));
        const before = readFileSync(join(serving.root, "file"));
        const answered = await withInjection({ pid: serving.pid, call, errno }, () => run(driver, line));
        context.diagnostic(`${call} ${errno}: ${line} ${answered}`);
        assert.equal(answered, code, `${line} while ${call} fails with ${errno}`);
        assert.ok(readFileSync(join(serving.root, "file")).equals(before), "the file is whole");
        const again = await run(driver, line);
        assert.ok(again < 300, `${line} was answered ${again} afterwards`);
        await until("nothing is left", () => leftIn(serving.root).staging.length === 0);
      }
      assert.deepEqual(
        serving.faults.filter((fault) => !fault.includes("EIO")),
        [],
      );
    },
  );
});

async function served(): Promise<Serving> {
  const serving = await Serving.start({ words: alone });
  for (const name of ["file", "other", "spare"]) writeFileSync(join(serving.root, name), contentOf(name, 200_000));
  mkdirSync(join(serving.root, "sub"));
  return serving;
}

/** Runs one command, with its data connection where it has one, and returns its last reply's code. */
async function run(driver: FtpDriver, line: string): Promise<number> {
  const [verb = ""] = line.split(" ");
  if (verb === "STOR" || verb === "APPE") {
    const { opening, completion } = await driver.store(line, contentOf(line, 300_000));
    return (completion ?? opening).code;
  }
  if (verb !== "RETR" && verb !== "MLSD") return (await driver.command(line)).code;
  const raw = await driver.openPassive();
  const opening = await driver.command(line);
  if (opening.code === 150) (await driver.secureData(raw)).resume();
  else raw.destroy();
  return opening.code === 150 ? (await driver.reply()).code : opening.code;
}

async function store(driver: FtpDriver, line: string, content: Buffer, code: number): Promise<void> {
  const { opening, completion } = await driver.store(line, content);
  assert.equal((completion ?? opening).code, code, `${line}: ${(completion ?? opening).text}`);
}

/** Has the kernel fail the first call of that name which each thread of a process makes meanwhile. */
async function withInjection<T>(
  { pid, call, errno }: { readonly pid: number; readonly call: string; readonly errno: string },
  action: () => Promise<T>,
): Promise<T> {
  const options = ["-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}:when=1`];
  const strace = spawn("strace", [...options, "-p", String(pid)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  strace.stderr.on("data", (octets: Buffer) => (said += octets.toString()));
  const threads = readdirSync(`/proc/${pid}/task`);
  await until(`strace follows every thread: ${said}`, () =>
    threads.every((thread) => /^TracerPid:\t[1-9]/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, "latin1"))),
  );
  try {
    return await action();
  } finally {
    const ended = once(strace, "exit");
    strace.kill("SIGINT");
    await ended;
  }
}
