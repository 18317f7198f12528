import type { FtpDriver } from "@sallyport/testing";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Chance, contentOf } from "./chance.ts";
import { type Cut, cutAfter, cutNow } from "./cut-line.ts";
import { leftIn } from "./holdings.ts";
import type { LoginOptions, Serving } from "./serving.ts";
import { until } from "./waiting.ts";

/** What the client was doing when it was killed. */
const activities = [
  "store-new",
  "store-over",
  "append-over",
  "append-part",
  "resume-part",
  "resume-over",
  "fetch",
] as const;

export type Activity = (typeof activities)[number];

/** One client killed at one octet; printed as it is when something was wrong after it. */
export interface KillPoint {
  readonly number: number;
  readonly activity: Activity;
  readonly maxVersion: "TLSv1.2" | "TLSv1.3";
  readonly mode: "explicit" | "implicit";
  /** SIGKILL is for a curl of its own process; it cuts everything, as does `whole`. */
  readonly by: Cut | "SIGKILL";
  /** Whether the control connection dies as well, and not the data connection alone. */
  readonly whole: boolean;
  /** Size of what is there before, and of what is sent or fetched. */
  readonly beforeBytes: number;
  readonly movedBytes: number;
  /** Octets on the wire of the data connection before the cut. */
  readonly cutBytes: number;
}

export function drawKillPoint(number: number, draw: Chance, share: { readonly byProcess: number }): KillPoint {
  const byProcess = draw.below(100) < share.byProcess;
  const movedBytes = 20_000 + draw.below(draw.one([100_000, 2_000_000]));
  return {
    number,
    activity: byProcess ? draw.one(["store-new", "store-over", "append-over", "fetch"]) : draw.one(activities),
    maxVersion: draw.one(["TLSv1.2", "TLSv1.3"]),
    mode: draw.one(["explicit", "implicit"]),
    by: byProcess ? "SIGKILL" : draw.one(["RST", "FIN"]),
    whole: byProcess || draw.below(3) > 0,
    beforeBytes: 10_000 + draw.below(400_000),
    movedBytes,
    // Never as many as the content itself, so that no upload can have been whole.
    cutBytes: 1 + draw.below(movedBytes),
  };
}

/** Kills a client at a point, then looks at what is left, continues what can be continued, and tidies up. */
export async function killAt(serving: Serving, point: KillPoint): Promise<void> {
  const scene = new Scene(serving, point);
  await scene.prepare();
  if (point.by === "SIGKILL") await scene.killProcess();
  else await scene.cutDriver(point.by);
  await scene.judge();
}

const isOverPublished = (activity: Activity): boolean => activity.endsWith("-over");
const continuesPart = (activity: Activity): boolean => activity.endsWith("-part");

class Scene {
  readonly #serving: Serving;
  readonly #point: KillPoint;
  readonly #name: string;
  readonly #path: string;
  readonly #before: Buffer;
  readonly #moved: Buffer;
  #partBytes = 0;

  constructor(serving: Serving, point: KillPoint) {
    this.#serving = serving;
    this.#point = point;
    this.#name = `point-${point.number}`;
    this.#path = join(serving.root, this.#name);
    this.#before = contentOf(`${this.#name} before`, point.beforeBytes);
    this.#moved = contentOf(`${this.#name} moved`, point.movedBytes);
  }

  async prepare(): Promise<void> {
    const { activity } = this.#point;
    if (isOverPublished(activity)) writeFileSync(this.#path, this.#before);
    if (activity === "fetch") writeFileSync(this.#path, this.#moved);
    if (!continuesPart(activity)) return;
    await using driver = await this.#login();
    const raw = await driver.openPassive();
    await driver.expect(`STOR ${this.#name}`, 150);
    const data = await driver.secureData(raw);
    await new Promise((resolve) => data.write(this.#before, resolve));
    raw.end();
    assert.equal((await driver.reply()).code, 426, "an upload without its end is not called whole");
    raw.destroy();
    this.#partBytes = await this.#sizeFor("alice");
    assert.ok(this.#partBytes > 0, "a part was kept");
  }

  async cutDriver(cut: Cut): Promise<void> {
    const { activity, whole, cutBytes } = this.#point;
    let control: Socket | undefined;
    const driver = await this.#login({ onRaw: (socket) => (control = socket) });
    try {
      const raw = await driver.openPassive();
      let onCut: () => void = () => undefined;
      const isCut = new Promise<void>((resolve) => (onCut = resolve));
      for (const line of this.#lines()) {
        if (line.startsWith("REST")) await driver.expect(line, 350);
        else driver.send(`${line}\r\n`);
      }
      assert.equal((await driver.reply()).code, 150);
      const line = cutAfter(raw, cutBytes, onCut) as unknown as Socket;
      const transferring = this.#transfer(driver, line, activity === "fetch");
      await isCut;
      if (whole && control !== undefined) cutNow(control, cut);
      cutNow(raw, cut);
      line.destroy();
      await transferring;
      if (whole) return;
      const { code } = await driver.reply();
      // What a client fetches may all lie in the system's buffers when it dies: no server can know then.
      const isSound = activity === "fetch" && code === 226;
      assert.ok(isSound || (code >= 400 && code !== 451), `a transfer cut by ${cut} was answered ${code}`);
      await driver.expect("NOOP", 200);
    } finally {
      await driver[Symbol.asyncDispose]();
    }
  }

  async killProcess(): Promise<void> {
    const { activity, maxVersion, mode, cutBytes } = this.#point;
    const port = mode === "explicit" ? this.#serving.explicitPort : this.#serving.implicitPort;
    const scheme = mode === "explicit" ? "ftp" : "ftps";
    const action = { "store-new": ["-T", "-"], "store-over": ["-T", "-"], "append-over": ["-a", "-T", "-"] };
    const words =
      activity in action ? action[activity as keyof typeof action] : ["-N", "-o", "-", "--limit-rate", "40M"];
    const version = maxVersion === "TLSv1.2" ? "1.2" : "1.3";
    const secure = ["-k", "--ssl-reqd", "--tls-max", version, "-s", "-u", "alice:secret"];
    const url = `${scheme}://127.0.0.1:${port}/${this.#name}`;
    const curl = spawn("curl", ["-q", ...secure, ...words, url], { stdio: ["pipe", "pipe", "ignore"] });
    const ended = once(curl, "close");
    curl.stdin.on("error", () => undefined);
    if (activity === "fetch") await readSome(curl.stdout, cutBytes);
    else {
      // Its input never ends, so that it is killed before the upload is whole.
      await new Promise((resolve) => curl.stdin.write(this.#moved.subarray(0, cutBytes), resolve));
      await pause(cutBytes % 60);
    }
    curl.kill("SIGKILL");
    await ended;
  }

  /** Nothing torn is published, old files are whole, parts are seen by their owner alone and can be continued. */
  async judge(): Promise<void> {
    const { activity, by } = this.#point;
    await until("the upload is over", () => {
      const { staging, claims } = leftIn(this.#serving.root);
      return staging.length + claims.length === 0;
    });
    if (activity === "fetch") assert.deepEqual(readFileSync(this.#path), this.#moved);
    else if (isOverPublished(activity)) assert.deepEqual(readFileSync(this.#path), this.#before);
    else {
      assert.ok(!existsSync(this.#path), "nothing torn is published");
      const sizeBytes = await this.#sizeFor("alice");
      assert.equal(await this.#sizeFor("bob"), -1, "others see nothing of it");
      if (continuesPart(activity)) assert.ok(sizeBytes >= this.#keptAtLeast(), "a part is not lost");
      if (sizeBytes >= 0) await this.#continueFrom(sizeBytes);
      else assert.ok(by === "SIGKILL" || this.#point.cutBytes < handshakeBytesMax, "what came is kept");
    }
    rmSync(this.#path, { force: true });
    assert.deepEqual(leftIn(this.#serving.root).parts, []);
  }

  /** What a part that was continued holds at least: an offset in it cuts it there. */
  #keptAtLeast(): number {
    return this.#point.activity === "resume-part" ? Math.floor(this.#partBytes / 2) : this.#partBytes;
  }

  #lines(): string[] {
    const name = this.#name;
    const half = (bytes: number): number => Math.floor(bytes / 2);
    const lines: Record<Activity, string[]> = {
      "store-new": [`STOR ${name}`],
      "store-over": [`STOR ${name}`],
      "append-over": [`APPE ${name}`],
      "append-part": [`APPE ${name}`],
      "resume-part": [`REST ${half(this.#partBytes)}`, `STOR ${name}`],
      "resume-over": [`REST ${half(this.#before.length)}`, `STOR ${name}`],
      fetch: [`RETR ${name}`],
    };
    return lines[this.#point.activity];
  }

  async #transfer(driver: FtpDriver, line: Socket, fetches: boolean): Promise<void> {
    const securing = driver.secureData(line).catch(() => undefined);
    const data = await Promise.race([securing, once(line, "close").then(() => undefined)]);
    if (data === undefined) return;
    data.on("error", () => undefined).resume();
    if (!fetches) data.write(this.#moved);
    await Promise.race([once(data, "close"), once(line, "close")]);
  }

  async #continueFrom(sizeBytes: number): Promise<void> {
    await using driver = await this.#login();
    const whole = this.#continued(sizeBytes);
    const { completion } =
      this.#point.number % 2 === 0
        ? await driver.store(`APPE ${this.#name}`, whole.subarray(sizeBytes))
        : await driver
            .expect(`REST ${sizeBytes}`, 350)
            .then(() => driver.store(`STOR ${this.#name}`, whole.subarray(sizeBytes)));
    assert.equal(completion?.code, 226);
    assert.deepEqual(readFileSync(this.#path), whole, "a continued part becomes the whole");
  }

  /** The file that would be there if all had gone well. */
  #continued(sizeBytes: number): Buffer {
    const { activity } = this.#point;
    if (activity === "store-new") return this.#moved;
    const offset = activity === "append-part" ? this.#partBytes : Math.floor(this.#partBytes / 2);
    // Cut before the first octet came, the part is what it was.
    if (sizeBytes === this.#partBytes) return Buffer.concat([this.#before.subarray(0, this.#partBytes), this.#moved]);
    return Buffer.concat([this.#before.subarray(0, offset), this.#moved]);
  }

  async #sizeFor(user: "alice" | "bob"): Promise<number> {
    await using driver = await this.#login({ user });
    const { code, text } = await driver.command(`SIZE ${this.#name}`);
    return code === 213 ? Number(text.slice(4)) : -1;
  }

  #login(options: LoginOptions = {}): Promise<FtpDriver> {
    const { mode, maxVersion } = this.#point;
    return this.#serving.loggedIn({ mode, maxVersion, ...options });
  }
}

/** A TLS handshake and the record that a cut fell into. */
const handshakeBytesMax = 24_000;

async function readSome(stream: NodeJS.ReadableStream, octetsMin: number): Promise<void> {
  let read = 0;
  for await (const octets of stream) {
    read += (octets as Buffer).length;
    if (read >= octetsMin) return;
  }
}
