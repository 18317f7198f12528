import { rootPath } from "@sallyport/protocol";
import { mkdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attack, clearData, clearDriver, demand } from "./attack.ts";

/** Attacks on files: what an account may not do, expensive requests, names that are not what they seem. */
export const storageAttacks: readonly Attack[] = [
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
        demand(
          now !== undefined && readFileSync(kept, "utf8") === "kept content",
          `${line} changed or removed the file`,
        );
        demand(now.mtimeMs === before.mtimeMs && now.mode === before.mode, `${line} changed its attributes`);
      };
      for (const lines of [
        ["STOR kept"],
        ["REST 0", "STOR kept"],
        ["REST 5", "STOR kept"],
        ["RANG 0 3", "STOR kept"],
      ]) {
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
      writeFileSync(join(target.directory, "a".repeat(200)), "");
      await using driver = await clearDriver(target);
      const braces = "{a,b}".repeat(10);
      for (const [pattern, most] of [
        [braces, 0],
        ["*/../*/../*/../*", 4],
        ["[[[[[[[[", 0],
        ["*".repeat(1000), 4],
        [`${"*a".repeat(16)}b`, 0],
        ["?*".repeat(16), 4],
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
      for (let count = 0; count < 500; count++)
        writeFileSync(join(target.directory, `file-with-a-long-name-${count}`), "");
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
