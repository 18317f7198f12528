import type { FtpDriver, TestServerOptions } from "@sallyport/testing";
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { rootPath } from "@sallyport/protocol";
import { type Attack, demand, type Target } from "./attack.ts";

const clearData = { listener: { requireTls: "login" } } as const satisfies TestServerOptions;
const secret = "SECRET-OF-THE-HOST".padEnd(4321, ".");
const secretModified = new Date("2001-09-09T01:46:40Z");

/** What a reply says when it tells of the secret: its words, size, time or a digest. */
const tellTales: readonly string[] = [
  secret.slice(0, 18),
  String(secret.length),
  "20010909014640",
  crc32(secret).toString(16),
  ...["md5", "sha1", "sha256", "sha512"].map((algorithm) => hash(algorithm, secret)),
];

/** Attacks on files: names that lead out, expensive requests, what an account may not do. */
export const storageAttacks: readonly Attack[] = [
  {
    ids: "S-19",
    title: "no spelling of a path leads out, in any verb",
    setup: { ...clearData, allowSymbolicLinks: true, capabilities: ["recursive-removal"] },
    run: async (target) => {
      using outside = outsideOf(target);
      await using driver = await clearDriver(target);
      for (const path of spellings(outside.name)) {
        for (const line of pathVerbs) await tryVerb(driver, line.replace("%", () => path), outside);
        for (const line of ["RETR %", "LIST %", "NLST %", "MLSD %"]) {
          await tryDownload(driver, line.replace("%", () => path), outside);
        }
        for (const line of ["STOR %", "APPE %", "STOU %"]) {
          await driver.store(line.replace("%", () => path), Buffer.from("planted"), { clear: true }).catch(() => undefined);
          outside.demandUnchanged(line.replace("%", () => path));
        }
      }
    },
  },
  {
    ids: "S-21",
    title: "a link that leads out is not followed, in any verb",
    setup: clearData,
    run: async (target) => {
      using outside = outsideOf(target);
      symlinkSync(outside.directory, join(target.directory, "door"));
      symlinkSync(join(outside.directory, "secret"), join(target.directory, "window"));
      await using driver = await clearDriver(target);
      for (const path of ["door/secret", "window", "door", "door/."]) {
        for (const line of ["RETR %", "LIST %", "NLST %", "MLSD %", "LIST -R %"]) {
          await tryDownload(driver, line.replace("%", path), outside);
        }
        for (const line of pathVerbs.filter((verb) => !/^(?:DELE|RNFR|RMD)/.test(verb))) {
          await tryVerb(driver, line.replace("%", path), outside);
        }
        for (const line of ["STOR %", "APPE %"]) {
          await driver.store(line.replace("%", path), Buffer.from("planted"), { clear: true }).catch(() => undefined);
          outside.demandUnchanged(`${line} with ${path}`);
        }
      }
    },
  },
  {
    ids: "S-21",
    title: "a link made through the server does not lead out",
    setup: { ...clearData, allowSymbolicLinks: true },
    run: async (target) => {
      using outside = outsideOf(target);
      await using driver = await clearDriver(target);
      // Where the server makes no links, its host's other users do.
      const made = await driver.command(`SITE SYMLINK ../${outside.name} door`);
      if (made.code >= 500) symlinkSync(`../${outside.name}`, join(target.directory, "door"));
      await tryDownload(driver, "RETR door/secret", outside);
      await tryDownload(driver, "MLSD door", outside);
    },
  },
  {
    ids: "S-21",
    title: "a directory that is swapped for a link again and again never leads out",
    setup: clearData,
    run: async (target) => {
      using outside = outsideOf(target);
      mkdirSync(join(target.directory, "real"));
      writeFileSync(join(target.directory, "real/secret"), "public");
      const swapper = spawn(process.execPath, ["-e", swapping, target.directory, outside.directory], { stdio: "ignore" });
      const ended = new Promise((resolve) => swapper.once("exit", resolve));
      try {
        await using driver = await clearDriver(target);
        const deadline = Date.now() + 1500;
        let served = 0;
        while (Date.now() < deadline) {
          if ((await tryDownload(driver, "RETR swapped/secret", outside)) === "public") served++;
          await tryVerb(driver, "SIZE swapped/secret", outside);
        }
        demand(served > 0, "the swapped directory was never seen, so nothing was tried");
      } finally {
        swapper.kill("SIGKILL");
        await ended;
      }
    },
  },
  {
    ids: "S-22",
    title: "who may create and append cannot replace, rename over, change or remove",
    setup: {
      ...clearData,
      allowSymbolicLinks: true,
      account: { permissions: [{ path: rootPath, allow: new Set(["list", "read", "create", "append"]) }] },
    },
    run: async (target) => {
      const [kept, other] = [join(target.directory, "kept"), join(target.directory, "other")];
      for (const path of [kept, other]) writeFileSync(path, "kept content");
      utimesSync(kept, 1_000_000, 1_000_000);
      const before = statSync(kept);
      await using driver = await clearDriver(target);
      const unchanged = (line: string) => {
        const now = statSync(kept, { throwIfNoEntry: false });
        demand(now !== undefined && readFileSync(kept, "utf8") === "kept content", `${line} changed or removed the file`);
        demand(now.mtimeMs === before.mtimeMs && now.mode === before.mode, `${line} changed its attributes`);
      };
      for (const lines of [["STOR kept"], ["REST 0", "STOR kept"], ["REST 5", "STOR kept"], ["RANG 0 3", "STOR kept"]]) {
        for (const line of lines.slice(0, -1)) await driver.command(line);
        await driver.store(lines.at(-1) ?? "", Buffer.from("replaced"), { clear: true }).catch(() => undefined);
        unchanged(lines.join(", "));
      }
      for (const [first, second] of [
        ["RNFR other", "RNTO kept"],
        ["SITE CPFR other", "SITE CPTO kept"],
        ["RNFR kept", "RNTO elsewhere"],
        ["NOOP", "MFF Modify=20020717210715;UNIX.mode=0777; kept"],
        ["NOOP", "MFMT 20020717210715 kept"],
        ["NOOP", "SITE CHMOD 777 kept"],
        ["NOOP", "SITE UTIME 20020717210715 kept"],
        ["NOOP", "SITE SYMLINK other kept"],
        ["NOOP", "DELE kept"],
      ] as const) {
        await driver.command(first);
        await driver.command(second);
        unchanged(second);
      }
    },
  },
  {
    ids: "S-17",
    title: "patterns do not multiply, climb, or take long",
    setup: clearData,
    run: async (target) => {
      for (const name of ["a", "b", "c"]) mkdirSync(join(target.directory, name));
      writeFileSync(join(target.directory, `${"a".repeat(200)}`), "");
      await using driver = await clearDriver(target);
      const braces = "{a,b}".repeat(10);
      for (const [pattern, most] of [
        [braces, 0],
        ["*/../*/../*/../*", 4],
        ["[[[[[[[[", 0],
        ["*".repeat(1000), 4],
        [`${"*a".repeat(16)}b`, 0],
        [`${"?*".repeat(16)}`, 4],
        ["{{{{{{a,b},c},d},e},f},g}", 0],
      ] as const) {
        const beganMs = performance.now();
        const { octets } = await driver.retrieve(`NLST ${pattern}`, { clear: true });
        const tookMs = performance.now() - beganMs;
        const lines = octets.toString("latin1").split("\r\n").length - 1;
        demand(lines <= most, `${pattern.slice(0, 40)} gave ${lines} names`);
        demand(tookMs < 2000, `${pattern.slice(0, 40)} took ${tookMs.toFixed(0)} ms`);
      }
    },
  },
  {
    ids: "S-18",
    title: "a recursive listing does not go round in links and ends at its bounds",
    setup: { ...clearData, limits: { listOptionsDepthCount: 4, listEntriesCount: 100 } },
    run: async (target) => {
      mkdirSync(join(target.directory, `deep${"/d".repeat(12)}`), { recursive: true });
      for (let count = 0; count < 300; count++) writeFileSync(join(target.directory, `deep/file${count}`), "");
      symlinkSync("..", join(target.directory, "deep/loop"));
      await using driver = await clearDriver(target);
      const { octets } = await driver.retrieve("LIST -R", { clear: true });
      const text = octets.toString("latin1");
      demand(!text.includes("loop/deep"), "the listing went through the link");
      demand(!text.includes("/d/d/d/d/d/d"), "the listing went below its depth");
      demand(text.split("\n").length < 150, `${text.split("\n").length} lines`);
      const { code } = await driver.command("DSIZ");
      demand(code >= 500, `DSIZ of a tree past the bounds was answered ${code}`);
    },
  },
  {
    ids: "S-18",
    title: "STAT of a large directory does not fill the control connection",
    setup: { limits: { statReplyBytes: 4096 } },
    run: async (target) => {
      for (let count = 0; count < 500; count++) writeFileSync(join(target.directory, `file-with-a-long-name-${count}`), "");
      await using driver = await target.loggedIn();
      const { text } = await driver.command("STAT /");
      demand(text.length < 5000, `${text.length} octets came back`);
    },
  },
  {
    ids: "S-18",
    title: "a digest of more than the bound is refused",
    setup: { limits: { hashBytes: 10_000 } },
    run: async (target) => {
      writeFileSync(join(target.directory, "large"), Buffer.alloc(100_000));
      await using driver = await target.loggedIn();
      for (const line of ["HASH large", "XMD5 large", "XSHA256 large", "XCRC large"]) {
        const { code } = await driver.command(line);
        demand(code >= 400, `${line} was answered ${code}`);
      }
    },
  },
  {
    ids: "S-31",
    title: "quotes in a name are doubled in 257",
    run: async (target) => {
      await using driver = await target.loggedIn();
      const made = await driver.command('MKD say "hi"');
      demand(made.text.includes('say ""hi"""'), made.text);
      await driver.expect('CWD say "hi"', 250);
      const shown = await driver.command("PWD");
      demand(shown.text.includes('"/say ""hi"""'), shown.text);
    },
  },
  {
    ids: "S-09",
    title: "names with CR, LF or NUL are not taken from a peer",
    run: async (target) => {
      await using driver = await target.loggedIn();
      for (const name of ["a\r\x00226 done", "a\0b", "\0", "a\r\0\x1b[2J"]) {
        driver.send(`MKD ${name}\r\n`);
        const { code } = await driver.reply();
        demand(code >= 500, `MKD ${JSON.stringify(name)} was answered ${code}`);
      }
      await driver.expect("NOOP", 200);
    },
  },
  {
    ids: "S-09",
    title: "a name with CR and LF that lies on the disk forges no line of a listing or reply",
    setup: clearData,
    run: async (target) => {
      const forged = "-rw-r--r-- 1 0 0 0 Jan 01 2020 forged";
      writeFileSync(join(target.directory, `a\r\n${forged}`), "");
      await using driver = await clearDriver(target);
      for (const line of ["LIST", "NLST", "MLSD", "LIST a*"]) {
        const { octets } = await driver.retrieve(line, { clear: true });
        const lines = octets.toString("latin1").split(/\r|\n/);
        demand(!lines.includes(forged), `${line} shows a forged entry`);
      }
      const { text } = await driver.command("STAT /");
      demand(!text.split(/\r|\n/).some((entry) => entry.trim() === forged), "STAT shows a forged entry");
    },
  },
  {
    ids: "S-09",
    title: "what a peer says makes no line of the log and steers no terminal",
    setup: { limits: { loginDelayMs: 0 } },
    run: async (target) => {
      await using driver = await target.greeted();
      await driver.command("AUTH TLS");
      await driver.startTls({ rejectUnauthorized: false });
      for (const said of ["mallory\r\0forged: login of root", "mallory\x1b[2J\x1b]0;owned\x07", "x\x9b31m\u0085y"]) {
        for (const verb of ["CLNT", "USER", "PASS", "HOST", "OPTS", "NOSUCH"]) {
          driver.send(`${verb} ${said}\r\n`);
          await driver.reply().catch(() => undefined);
        }
      }
      const log = target.log();
      demand(log.includes("mallory"), "nothing of it was logged, so nothing was tried");
      demand(!/[^\P{Cc}\n]/u.test(log), "control characters reached the log");
      demand(!log.split(/[\r\n]/).some((line) => line.startsWith("forged")), "a line of the log was forged");
    },
  },
];

const pathVerbs: readonly string[] = [
  "CWD %",
  "SIZE %",
  "MDTM %",
  "MLST %",
  "STAT %",
  "HASH %",
  "MD5 %",
  "XCRC %",
  "XMD5 %",
  "XSHA1 %",
  "XSHA256 %",
  "XSHA512 %",
  "DSIZ %",
  "AVBL %",
  "MFMT 20020717210715 %",
  "MFCT 20020717210715 %",
  "MFF Modify=20020717210715; %",
  "SITE CHMOD 777 %",
  "SITE UTIME 20020717210715 %",
  "SITE MKDIR %/planted/deep",
  "SITE SYMLINK own %/planted-link",
  "MKD %/planted",
  "RNFR own\r\nRNTO %",
  "RNFR own\r\nRNTO %/planted-name",
  "SITE CPFR own\r\nSITE CPTO %",
  "SITE CPFR own\r\nSITE CPTO %/planted-copy",
  "DELE %",
  "RMD %",
  "RMDA %",
  "SITE RMDIR %",
  "RNFR %\r\nRNTO stolen",
  "SITE CPFR %\r\nSITE CPTO stolen",
];

/** Every way that servers have been led out by, to a directory beside the served one and to the host's own. */
function spellings(name: string): readonly string[] {
  const beside = [`../${name}`, `../${name}/secret`];
  return [
    ...beside,
    ...beside.map((path) => `/${path}`),
    ...beside.map((path) => `../../${path}`),
    ...beside.map((path) => `./././${path}`),
    `nowhere/../../${name}/secret`,
    `...//${name}/secret`,
    `....//${name}/secret`,
    `..\\${name}\\secret`,
    `..\\/${name}/secret`,
    `%2e%2e/${name}/secret`,
    `%2e%2e%2f${name}%2fsecret`,
    `..%00/${name}/secret`,
    `..\0/${name}/secret`,
    `..;/${name}/secret`,
    `.. /${name}/secret`,
    ` ../${name}/secret`,
    `../${name}/secret.`,
    `../${name}/secret::$DATA`,
    `//../${name}/secret`,
    `~/../${name}/secret`,
    `\xc0\xae\xc0\xae/${name}/secret`,
    `\xe0\x80\xae\xe0\x80\xae/${name}/secret`,
    `..\xc0\xaf${name}\xc0\xafsecret`,
    join(tmpdir(), name, "secret"),
    `/proc/self/root${tmpdir()}/${name}/secret`,
    `C:${tmpdir()}/${name}/secret`,
    `\\\\localhost${tmpdir()}/${name}/secret`,
  ];
}

interface Outside extends Disposable {
  readonly name: string;
  /** The name of another file in it. */
  readonly marker: string;
  readonly directory: string;
  demandUnchanged(line: string): void;
}

/** A directory beside the served one with a secret in it. */
function outsideOf(target: Target): Outside {
  const directory = mkdtempSync(join(target.directory, "../sallyport-outside-"));
  const name = directory.slice(directory.lastIndexOf("/") + 1);
  const path = join(directory, "secret");
  const marker = `marker-${name}`;
  writeFileSync(path, secret);
  utimesSync(path, secretModified, secretModified);
  writeFileSync(join(directory, marker), "");
  writeFileSync(join(target.directory, "own"), "own");
  const state = () => {
    const [folder, file] = [statSync(directory), statSync(path, { throwIfNoEntry: false })];
    return [folder.mtimeMs, folder.mode, file?.mtimeMs, file?.mode, file?.size, file?.nlink].join();
  };
  const before = state();
  return {
    name,
    marker,
    directory,
    demandUnchanged: (line) => demand(state() === before, `${line} reached outside`),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function clearDriver(target: Target): Promise<FtpDriver> {
  const driver = await target.loggedIn();
  await driver.expect("PROT C", 200);
  return driver;
}

async function tryVerb(driver: FtpDriver, lines: string, outside: Outside): Promise<void> {
  for (const line of lines.split("\r\n")) {
    const { code, text } = await driver.command(line);
    if (line.startsWith("CWD") && code === 250) await driver.expect("CWD /", 250);
    const told = tellTales.find((tale) => text.toLowerCase().includes(tale.toLowerCase()));
    demand(told === undefined, `${line} was answered ${text}`);
    outside.demandUnchanged(line);
  }
}

/** Returns what came, which must tell nothing of outside. */
async function tryDownload(driver: FtpDriver, line: string, outside: Outside): Promise<string> {
  const { octets } = await driver.retrieve(line, { clear: true });
  const text = octets.toString("latin1");
  const told = tellTales.find((tale) => text.includes(tale));
  demand(told === undefined, `${line} brought ${told}`);
  const names = /^(?:NLST|LIST)/.test(line) && text.includes(outside.marker);
  demand(!names, `${line} lists what is outside`);
  outside.demandUnchanged(line);
  return text;
}

/** Makes `swapped` the real directory and a link to the one outside, in turn, as fast as it can, for five seconds. */
const swapping = `
  const fs = require("node:fs");
  const [directory, outside] = process.argv.slice(1);
  process.chdir(directory);
  fs.symlinkSync(outside, "link");
  const until = Date.now() + 5000;
  while (Date.now() < until) {
    fs.renameSync("real", "swapped");
    fs.renameSync("swapped", "real");
    fs.renameSync("link", "swapped");
    fs.renameSync("swapped", "link");
  }
`;
