import { type Peer, startTestServer, type TestServer } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Chance, chance, contentOf, seedOfRun } from "../faults/chance.ts";
import type { MirrorRun } from "./mirror-process.ts";

export type Direction = MirrorRun["direction"];

export interface KillOptions {
  readonly mirrors: number;
  readonly direction: Direction;
  /** Runs of each mirror that are killed; without it until one comes to its end. */
  readonly killsMax?: number;
}

/** Makes so many mirrors of 500 files against a server of ours, each killed again and again. */
export async function killMirrors(
  context: TestContext,
  { mirrors, direction, killsMax = Infinity }: KillOptions,
): Promise<void> {
  const draw = chance(seedOfRun());
  context.diagnostic(`SALLYPORT_SEED=${draw.seed}`);
  const totals: Totals = { kills: 0, runs: 0, movedBytes: 0, treeBytes: 0, resumed: 0 };
  for (let number = 0; number < mirrors; number++) {
    await using server = await startTestServer();
    const seen = new ServerView(server, direction);
    const place = { killsMax, url: `ftpes://alice:secret@localhost:${server.explicitPort}`, served: server.directory };
    try {
      // oxlint-disable-next-line no-await-in-loop -- one mirror after the other
      await killMirror({ draw, direction, ca: server.identity.ca, ...place }, totals, seen);
    } catch (error) {
      throw new Error(`in mirror ${number} of seed ${draw.seed}`, { cause: error });
    }
    totals.movedBytes += seen.movedBytes;
    totals.resumed += seen.resumedCount;
  }
  context.diagnostic(JSON.stringify(totals));
  assert.ok(totals.kills >= mirrors, "hardly a run was killed");
}

/** The same against a server of another vendor, which tells nobody what it transfers. */
export async function killMirrorsOf(
  context: TestContext,
  peer: Peer,
  { mirrors, direction, killsMax = Infinity }: KillOptions,
): Promise<void> {
  const draw = chance(seedOfRun());
  context.diagnostic(`SALLYPORT_SEED=${draw.seed}`);
  const totals: Totals = { kills: 0, runs: 0, movedBytes: 0, treeBytes: 0, resumed: 0 };
  const ca = readFileSync(peer.caFile, "utf8");
  const url = `ftpes://${peer.user}:${peer.password}@localhost:${peer.explicitPort}`;
  for (let number = 0; number < mirrors; number++) {
    // oxlint-disable-next-line no-await-in-loop -- one mirror after the other
    await killMirror({ draw, direction, ca, url, served: peer.home, killsMax }, totals, undefined);
  }
  context.diagnostic(JSON.stringify(totals));
}

interface Totals {
  kills: number;
  runs: number;
  movedBytes: number;
  treeBytes: number;
  resumed: number;
}

interface Scene {
  readonly draw: Chance;
  readonly direction: Direction;
  readonly url: string;
  readonly ca: string;
  /** The directory that the server serves. */
  readonly served: string;
  readonly killsMax: number;
}

const filesCount = 500;
const remoteName = "mirror";

async function killMirror(scene: Scene, totals: Totals, seen: ServerView | undefined): Promise<void> {
  const { draw, direction, served } = scene;
  const folder = mkdtempSync(join(tmpdir(), "sallyport-mirror-kill-"));
  try {
    const [local, journal, remote] = [join(folder, "local"), join(folder, "journal"), join(served, remoteName)];
    const [source, target] = direction === "download" ? [remote, local] : [local, remote];
    rmSync(remote, { recursive: true, force: true });
    const files = plantTree(source, draw);
    totals.treeBytes += files.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const order = { url: scene.url, ca: scene.ca, direction, local, remote: remoteName, journal, parallel: 4 };
    let kills = 0;
    for (let isDone = false; !isDone; totals.runs++) {
      const whole = completeFiles(target, files);
      const beganAt = seen?.mark() ?? 0;
      // oxlint-disable-next-line no-await-in-loop -- each run goes on where the one before was killed
      isDone = await runMirror(order, kills < scene.killsMax ? drawKillPoint(draw) : undefined);
      if (!isDone) kills++;
      // oxlint-disable-next-line no-await-in-loop
      await seen?.settled();
      assert.deepEqual(seen?.fetchedSince(beganAt, whole) ?? [], [], "files that were complete were transferred again");
      assert.ok(totals.runs < 10_000);
    }
    totals.kills += kills;
    assertAlike(target, files);
    assert.deepEqual(readdirSync(journal), []);
    // What is done is known to be done.
    const beganAt = seen?.mark() ?? 0;
    assert.ok(await runMirror(order, undefined));
    assert.deepEqual(seen?.transfersSince(beganAt) ?? [], []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PlantedFile {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Mostly small files, some empty, some of several MiB, in directories of several depths. */
function plantTree(root: string, draw: Chance): readonly PlantedFile[] {
  const modified = new Date(Math.floor(Date.now() / 1000) * 1000 - 7_200_000);
  return Array.from({ length: filesCount }, (_, number) => {
    const directory = draw.one(["", "a/", "a/b/", "a/b/c/", "ü ö/", "deep/er/and/deeper/"]);
    const path = `${directory}${number}.bin`;
    const kind = draw.below(100);
    const sizeBytes =
      kind < 10 ? 0 : kind < 90 ? draw.below(20_000) : kind < 98 ? draw.below(300_000) : draw.below(4_000_000);
    const bytes = contentOf(path, sizeBytes);
    const place = join(root, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, bytes);
    utimesSync(place, modified, modified);
    return { path, bytes };
  });
}

/** Files that are in the target under their own names; what is there then has to be whole. */
function completeFiles(target: string, files: readonly PlantedFile[]): ReadonlySet<string> {
  const there = files.filter(({ path }) => existsSync(join(target, path)));
  const torn = there.filter(({ path, bytes }) => !readFileSync(join(target, path)).equals(bytes));
  assert.deepEqual(
    torn.map(({ path }) => path),
    [],
    "half files stand in place of whole ones",
  );
  return new Set(there.map(({ path }) => path));
}

function assertAlike(target: string, files: readonly PlantedFile[]): void {
  assert.equal(completeFiles(target, files).size, files.length);
  const found = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const extra = found.map((entry) => join(entry.parentPath, entry.name).slice(target.length + 1));
  assert.deepEqual(extra.toSorted(), files.map(({ path }) => path).toSorted());
}

/** So many steps after the run has begun, or so many milliseconds after its process has, and a moment more. */
interface KillPoint {
  readonly steps: number;
  readonly startMs: number | undefined;
  readonly delayMs: number;
}

function drawKillPoint(draw: Chance): KillPoint {
  const startMs = draw.below(8) === 0 ? draw.below(2_000) : undefined;
  return { steps: draw.below(160), startMs, delayMs: draw.below(25) };
}

/** Runs a mirror; true where it came to its end. */
async function runMirror(order: MirrorRun, point: KillPoint | undefined): Promise<boolean> {
  const { NODE_TEST_CONTEXT: _context, ...environment } = process.env;
  const program = join(import.meta.dirname, "mirror-process.ts");
  const child = spawn(process.execPath, ["--conditions=source", program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: environment,
  });
  const killer = new AbortController();
  const kill = (afterMs: number): void => {
    pause(afterMs, undefined, { signal: killer.signal }).then(
      () => child.kill("SIGKILL"),
      () => {},
    );
  };
  if (point?.startMs !== undefined) kill(point.startMs);
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    const stepsCount = output.split("\n").length - 1;
    if (point !== undefined && stepsCount > point.steps) kill(point.delayMs);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  killer.abort();
  const isDone = output.endsWith("end\n");
  if (code !== null && code !== 0) throw new Error(`a run failed: ${errors}`);
  return isDone && code === 0;
}

/** What the server tells of its transfers. */
class ServerView {
  readonly #server: TestServer;
  readonly #direction: Direction;

  constructor(server: TestServer, direction: Direction) {
    this.#server = server;
    this.#direction = direction;
  }

  mark(): number {
    return this.#server.events.length;
  }

  /** Waits until the server knows that its clients are gone. */
  async settled(): Promise<void> {
    const count = (kind: string): number => this.#server.events.filter((event) => event.kind === kind).length;
    for (let turn = 0; count("connection-opened") > count("connection-closed"); turn++) {
      assert.ok(turn < 2_000, "connections of a killed client stay open");
      // oxlint-disable-next-line no-await-in-loop
      await pause(5);
    }
  }

  /** Files of a set that came, even in part, since an event. */
  fetchedSince(event: number, files: ReadonlySet<string>): readonly string[] {
    return this.transfersSince(event).filter((path) => files.has(path));
  }

  /** Files that came since an event: downloads, or uploads that got their names. */
  transfersSince(event: number): readonly string[] {
    const paths = this.#server.events.slice(event).flatMap((told) => {
      if (this.#direction === "download") return told.kind === "transfer" && told.verb === "RETR" ? [told.path] : [];
      return told.kind === "changed" && told.change === "renamed" && told.newPath !== undefined ? [told.newPath] : [];
    });
    return paths.map((path) => Buffer.from(path, "latin1").toString("utf8").slice(`/${remoteName}/`.length));
  }

  get movedBytes(): number {
    return this.#transfers.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Files that took more than one transfer. */
  get resumedCount(): number {
    const paths = this.#transfers.map(({ path }) => path);
    return paths.length - new Set(paths).size;
  }

  get #transfers(): readonly { readonly path: string; readonly bytes: number }[] {
    return this.#server.events.flatMap((event) =>
      event.kind === "transfer" && event.direction === this.#direction ? [event] : [],
    );
  }
}
