import type { FtpDriver } from "@sallyport/testing";
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Attack, clearData, clearDriver, demand, type Target } from "./attack.ts";

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

/** Attacks that would lead out of the served directory. */
export const confinementAttacks: readonly Attack[] = [
  {
    ids: "S-19",
    title: "no spelling of a path leads out, in any verb",
    setup: { ...clearData, allowSymbolicLinks: true, capabilities: ["recursive-removal"] },
    run: async (target) => {
      using outside = outsideOf(target);
      await using driver = await clearDriver(target);
      for (const path of spellings(outside.name)) {
        for (const line of pathVerbs)
          await tryVerb(
            driver,
            line.replace("%", () => path),
            outside,
          );
        for (const line of ["RETR %", "LIST %", "NLST %", "MLSD %"]) {
          await tryDownload(
            driver,
            line.replace("%", () => path),
            outside,
          );
        }
        for (const line of ["STOR %", "APPE %", "STOU %"]) {
          await driver
            .store(
              line.replace("%", () => path),
              Buffer.from("planted"),
              { clear: true },
            )
            .catch(() => undefined);
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
      const swapper = spawn(process.execPath, ["-e", swapping, target.directory, outside.directory], {
        stdio: "ignore",
      });
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
