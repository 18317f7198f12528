import { aside, endFailing, type Errno, failCall } from "./failing-file-calls.ts";
import { limitValues, octetsFromText, type VirtualPath } from "@sallyport/protocol";
import { LocalDirectory, StorageError } from "@sallyport/server/storage";
import { FtpDriver, startTestServer, testAccount, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentOf } from "./chance.ts";
import { leftIn } from "./holdings.ts";
import { until } from "./waiting.ts";

type Files = ReadonlyMap<string, Buffer>;

/**
 * With thirty busy processes on two cores one command took 6 s, of which it ran for 13 ms and stood on the kernel's run
 * queue for the rest (measured): most have dozens of hops to the thread pool and back.
 */
const stuckMs = 120_000;

/** One command of the scenario: what it answers, and what there is when it was carried out. */
interface Step {
  readonly title: string;
  run(driver: FtpDriver): Promise<{ readonly code: number; readonly octets?: Buffer }>;
  /** What the files may be after it, from those before it; absent: it changes none. */
  after?(files: Files): readonly Files[];
  /** The file without which it makes no sense, since an earlier command failed. */
  readonly needs?: string;
  /** What it fetches, where it fetches. */
  fetches?(files: Files): Buffer;
}

/** Reply codes that tell of each error: RFC 959 §4.2.2 and the table of storage replies. */
const codesOf: Readonly<Record<Errno, readonly number[]>> = {
  ENOSPC: [452],
  EIO: [451],
  EACCES: [550, 553],
  EMFILE: [450],
};

/** A server in this process whose file calls can be made to fail, one scenario after the other. */
export class FailingScene implements AsyncDisposable {
  readonly #server: TestServer;
  readonly #storage: LocalDirectory;
  readonly #base: string;
  #runs = 0;

  private constructor(server: TestServer, storage: LocalDirectory, base: string) {
    this.#server = server;
    this.#storage = storage;
    this.#base = base;
  }

  static async open(calls: "synchronous" | "asynchronous"): Promise<FailingScene> {
    const base = mkdtempSync(join(tmpdir(), "sallyport-failing-"));
    const storage = await LocalDirectory.open(base, { calls });
    const server = await startTestServer({
      storage,
      listener: { requireTls: "none" },
      limits: limitValues({ unknownVerbsCount: 100 }),
      // Each run has a home of its own, so that none finds what another left.
      authenticator: {
        authenticate: async (user) => {
          const home = octetsFromText(`/${user}`) as string as VirtualPath;
          return { kind: "accepted", account: { ...testAccount(user), home } };
        },
      },
    });
    return new FailingScene(server, storage, base);
  }

  /** Runs the scenario once with the n-th call failing. Returns what failed, and what is wrong in `complaints`. */
  async run(
    number: number,
    errno: Errno,
  ): Promise<{ readonly failed: string | undefined; readonly complaints: string[] }> {
    const user = `run-${++this.#runs}`;
    const home = join(this.#base, user);
    prepare(home);
    const events = this.#server.events;
    events.length = 0;
    await using driver = await FtpDriver.connect(this.#server.explicitPort, { timeoutMs: stuckMs });
    await driver.reply();
    const complaints: string[] = [];
    const refusals: string[] = [];
    let files = filesIn(home);
    // An append that was refused may be taken back only by whoever comes next, who then has to come again.
    let takenBack: Files | undefined;
    const openBefore = openBelow(this.#base).length;
    failCall(number, errno);
    try {
      for (const step of steps(user)) {
        if (step.needs !== undefined && !files.has(step.needs)) continue;
        const { code, octets } = await step.run(driver);
        const expected = step.after?.(files) ?? [files];
        if (code >= 400) {
          refusals.push(`${step.title} ${code}`);
          const isBusy = takenBack !== undefined && code === 450;
          const isExpected = isBusy || codesOf[errno].includes(code) || (step.title === "login" && code === 530);
          if (!isExpected) complaints.push(`${step.title} was answered ${code} for ${errno}`);
        }
        const found = aside(() => filesIn(home));
        const isWhole =
          [...expected, ...(takenBack ? [takenBack] : [])].some((each) => same(found, each)) ||
          (code >= 400 && same(found, files));
        if (!isWhole) complaints.push(`${step.title} ${code} left ${describe(found)}`);
        const wanted = step.fetches?.(files);
        if (code < 400 && wanted !== undefined && octets?.equals(wanted) !== true)
          complaints.push(`${step.title} sent other octets`);
        if (code >= 400 && step.title === "APPE file") takenBack = files;
        else if (step.title.endsWith("STOR file")) takenBack = undefined;
        files = found;
      }
      await driver.expect("NOOP", 200);
    } catch (error) {
      complaints.push(`the connection is of no use: ${String(error)}`);
    }
    const { failed } = endFailing();
    if (failed !== undefined && refusals.filter((line) => !line.endsWith(" 450")).length > 1)
      complaints.push(`one failure, several refusals: ${refusals.join(", ")}`);
    for (const event of events) {
      if (event.kind !== "internal-error") continue;
      const isStorage = event.error instanceof StorageError;
      if (!isStorage) complaints.push(`internal error ${String((event.error as Error).stack ?? event.error)}`);
    }
    await driver.command("QUIT");
    complaints.push(...(await this.#leftOpen(openBefore)), ...this.#leftLying(failed, refusals));
    rmSync(home, { recursive: true });
    return { failed, complaints };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await this.#storage[Symbol.asyncDispose]();
    rmSync(this.#base, { recursive: true });
  }

  /** Descriptors below the served directory that were not open before. */
  async #leftOpen(beforeCount: number): Promise<string[]> {
    const open = (): string[] => openBelow(this.#base);
    await until("files are closed", () => open().length <= beforeCount, 10_000).catch(() => undefined);
    return open().length <= beforeCount
      ? []
      : [
          `left open: ${open()
            .slice(beforeCount - open().length)
            .join(", ")}`,
        ];
  }

  /** What lies in the reserved directory: only what could not be taken away, and a part that was not continued. */
  #leftLying(failed = "", refusals: readonly string[]): string[] {
    const { staging, claims, parts } = leftIn(this.#base);
    for (const folder of ["staging", "claims", "parts"]) {
      rmSync(join(this.#base, ".sallyport", folder), { recursive: true, force: true });
    }
    const left = [...staging, ...claims, ...(refusals.some((line) => line.startsWith("APPE part")) ? [] : parts)];
    const mayLie = /^(?:unlink|rm|rmdir|link|rename) /.test(failed) ? 1 : 0;
    return left.length <= mayLie ? [] : [`left lying: ${left.join(", ")}`];
  }
}

const [old, added, middle, fresh] = [
  contentOf("old", 30_000),
  contentOf("added", 5_000),
  contentOf("middle", 8_000),
  contentOf("fresh", 20_000),
];

function prepare(home: string): void {
  mkdirSync(join(home, "sub"), { recursive: true });
  writeFileSync(join(home, "file"), old);
  writeFileSync(join(home, "large"), contentOf("large", 400_000));
  writeFileSync(join(home, "sub", "inner"), "inner");
}

function steps(user: string): Step[] {
  return [
    { title: "login", run: (driver) => logIn(driver, user) },
    { title: "PWD", run: (driver) => driver.command("PWD") },
    fetching("MLSD", undefined),
    fetching("LIST", undefined),
    storing("STOR new", fresh, (files) => [with_(files, "new", fresh)]),
    storing("STOR file", fresh, (files) => [with_(files, "file", fresh)]),
    storing("APPE file", added, (files) => [with_(files, "file", Buffer.concat([get(files, "file"), added]))]),
    fetching("RETR file", (files) => get(files, "file")),
    fetching("RETR large", (files) => get(files, "large")),
    storing("STOR file", middle, (files) => [with_(files, "file", overlaid(get(files, "file"), 1_000))], "REST 1000"),
    interrupting("STOR part", fresh),
    // A part that could not be kept is lost, and then this makes a new file.
    storing("APPE part", added, (files) => [
      with_(files, "part", Buffer.concat([fresh, added])),
      with_(files, "part", added),
    ]),
    commanding("DELE part", (files) => without(files, "part"), "part"),
    storing("STOU", added, (files) => [with_(files, unique, added)]),
    renaming("new", "renamed"),
    commanding("DELE renamed", (files) => without(files, "renamed"), "renamed"),
    commanding("MKD made", (files) => with_(files, "made/", Buffer.alloc(0))),
    commanding("HASH file"),
    commanding("SIZE file"),
    commanding("MLST file"),
    commanding("MFMT 20200102030405 file"),
    commanding("SITE CHMOD 640 file"),
    commanding("CWD sub"),
    commanding("CDUP"),
    commanding("RMD /made", (files) => without(files, "made/"), "made/"),
  ];
}

function commanding(line: string, after?: (files: Files) => Files, needs?: string): Step {
  return {
    title: line,
    run: (driver) => driver.command(line),
    ...(after && { after: (files) => [after(files)] }),
    ...(needs !== undefined && { needs }),
  };
}

function renaming(from: string, to: string): Step {
  return {
    title: `RNFR ${from}, RNTO ${to}`,
    run: async (driver) => {
      const first = await driver.command(`RNFR ${from}`);
      return first.code === 350 ? driver.command(`RNTO ${to}`) : first;
    },
    after: (files) => [with_(without(files, from), to, get(files, from))],
    needs: from,
  };
}

/** A data connection that is reset is one way to say that not everything came; the reply says why. */
function fetching(line: string, fetches: Step["fetches"]): Step {
  return {
    title: line,
    run: async (driver) => {
      const raw = await driver.openPassive();
      const chunks: Buffer[] = [];
      raw.on("data", (octets: Buffer) => chunks.push(octets));
      const over = new Promise((resolve) => raw.once("end", resolve).once("close", resolve));
      const opening = await driver.command(line);
      if (opening.code >= 400) {
        raw.destroy();
        return opening;
      }
      await over;
      return { code: (await driver.reply()).code, octets: Buffer.concat(chunks) };
    },
    ...(fetches && { fetches }),
  };
}

function storing(line: string, octets: Buffer, after: NonNullable<Step["after"]>, restart?: string): Step {
  return {
    title: restart === undefined ? line : `${restart}, ${line}`,
    run: async (driver) => {
      if (restart !== undefined) await driver.expect(restart, 350);
      const { opening, completion } = await driver.store(line, octets, { clear: true });
      return { code: completion?.code ?? opening.code };
    },
    after,
  };
}

/** An upload of fewer octets than were announced: a part is kept, and nothing is published. */
function interrupting(line: string, octets: Buffer): Step {
  return {
    title: `${line}, interrupted`,
    run: async (driver) => {
      await driver.expect(`ALLO ${octets.length + 1}`, 202);
      const { opening, completion } = await driver.store(line, octets, { clear: true });
      const code = completion?.code ?? opening.code;
      return { code: code === 426 ? 226 : code };
    },
  };
}

async function logIn(driver: FtpDriver, user: string): Promise<{ code: number }> {
  await driver.expect(`USER ${user}`, 331);
  const { code } = await driver.command("PASS secret");
  if (code === 230) await driver.expect("TYPE I", 200);
  else {
    await driver.expect(`USER ${user}`, 331);
    await driver.expect("PASS secret", 230);
    await driver.expect("TYPE I", 200);
  }
  return { code };
}

const unique = "chosen by the server";

function overlaid(content: Buffer, offset: number): Buffer {
  return Buffer.concat([content.subarray(0, offset), middle]);
}

function get(files: Files, name: string): Buffer {
  return files.get(name) ?? Buffer.alloc(0);
}

function with_(files: Files, name: string, content: Buffer): Files {
  return new Map([...files, [name, content]]);
}

function without(files: Files, name: string): Files {
  return new Map([...files].filter(([other]) => other !== name));
}

/** The files of a home; a directory's name ends with `/`. A name that the server chose is not told here. */
function filesIn(home: string): Files {
  const entries = readdirSync(home, { withFileTypes: true }).filter(({ name }) => name !== "sub");
  return new Map(
    entries.map((entry) =>
      entry.isDirectory()
        ? [`${entry.name}/`, Buffer.alloc(0)]
        : [/^file\../.test(entry.name) ? unique : entry.name, readFileSync(join(home, entry.name))],
    ),
  );
}

function same(found: Files, expected: Files): boolean {
  return found.size === expected.size && [...expected].every(([name, content]) => found.get(name)?.equals(content));
}

function describe(files: Files): string {
  return [...files].map(([name, { length }]) => `${name} (${length})`).join(", ");
}

function openBelow(base: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      const target = readlinkSync(join("/proc/self/fd", name));
      return target.startsWith(base) ? [target.slice(base.length)] : [];
    } catch {
      return [];
    }
  });
}

assert.ok(existsSync("/proc/self/fd"), "descriptors can be counted");
