import { PasswordHasher, AccountDatabase, type NewAccount } from "@sallyport/server/accounts";
import { prepareStateDirectory } from "@sallyport/daemon";
import { FtpDriver, nodeArguments, sallyportCommand } from "@sallyport/testing";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Holdings, holdingsOf } from "./holdings.ts";
import { until, within } from "./waiting.ts";

export interface ServingOptions {
  /** Further words for `sallyport serve`. */
  readonly words?: readonly string[];
  /** Accounts besides `alice` and `bob`, whose password is `secret` as theirs. */
  readonly accounts?: readonly Omit<NewAccount, "password">[];
  /** Limits by name that differ from the table's. */
  readonly limits?: Readonly<Record<string, number>>;
  /** How often the server sweeps what has outlived its time, instead of hourly. */
  readonly sweepMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** What comes before the command, such as `prlimit --nofile=100`. */
  readonly before?: readonly string[];
  /** The directory that is served, where it is to be another than a new empty one; it is not removed. */
  readonly root?: string;
}

/** `sallyport serve` in a process of its own, which can be killed and started again over the same directories. */
export class Serving implements AsyncDisposable {
  readonly root: string;
  readonly state: string;
  /** Lines of the log that tell a fault of the server itself. */
  readonly faults: string[] = [];
  readonly #folder: string;
  readonly #options: ServingOptions;
  #child: ChildProcess | undefined;
  #ended: Promise<number | string | null> = Promise.resolve(0);
  #ports = new Map<string, number>();
  #errors = "";
  #counts = new Map<string, number>();

  private constructor(folder: string, options: ServingOptions) {
    this.#folder = folder;
    this.#options = options;
    this.root = options.root ?? join(folder, "root");
    this.state = join(folder, "state");
  }

  static async start(options: ServingOptions = {}): Promise<Serving> {
    const serving = new Serving(mkdtempSync(join(tmpdir(), "sallyport-faults-")), options);
    mkdirSync(serving.root, { recursive: true });
    await addAccounts(serving.state, options.accounts ?? []);
    await serving.begin();
    return serving;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("the server does not run");
    return pid;
  }

  /** The process and all below it, workers too. */
  get pids(): number[] {
    return withChildren(this.pid);
  }

  get explicitPort(): number {
    return this.#ports.get("explicit") ?? 0;
  }

  get implicitPort(): number {
    return this.#ports.get("implicit") ?? 0;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** How often an event of this kind was logged since the last start. */
  eventsCount(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Starts the process and returns when it serves, after how many milliseconds. */
  async begin(timeoutMs = 60_000): Promise<number> {
    const startedMs = performance.now();
    const { before = [], words = [], limits = {}, sweepMs, environment = {} } = this.#options;
    const serve = ["serve", this.root, "--state", this.state, "--json", ...listening, ...asRoot, ...words];
    const [program = "", ...rest] = [...before, sallyportCommand, ...serve];
    const child = spawn(program, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: this.#folder,
        NODE_OPTIONS: `--expose-gc ${nodeArguments.join(" ")} --import=${insideServer}`,
        SALLYPORT_FAULTS: this.#folder,
        SALLYPORT_LIMITS: JSON.stringify(limits),
        ...(sweepMs !== undefined && { SALLYPORT_HOUR: String(sweepMs) }),
        ...environment,
      },
    });
    this.#child = child;
    this.#ports = new Map();
    this.#counts = new Map();
    this.#errors = "";
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, signal) => resolve(code ?? signal));
    });
    void this.#ended.then(() => {
      if (this.#child === child) this.#child = undefined;
    });
    child.stderr.on("data", (octets: Buffer) => (this.#errors = (this.#errors + octets.toString()).slice(-10_000)));
    createInterface(child.stdout).on("line", (line) => this.#hear(line));
    const hasStarted = (): boolean => this.eventsCount("service-started") > 0 && this.#ports.size === 2;
    await until("the server serves", () => hasStarted() || !this.isRunning, timeoutMs);
    if (!hasStarted()) throw new Error(`the server did not start: ${this.#errors}`);
    return performance.now() - startedMs;
  }

  /** Kills it, and all below it, without warning. */
  async killHard(): Promise<void> {
    if (this.#child?.pid === undefined) return;
    const ended = this.#ended;
    process.kill(-this.#child.pid, "SIGKILL");
    await within("the killed server ends", 10_000, ended);
  }

  /** Asks it to stop and returns its exit code, or the name of the signal that ended it. */
  async stop(timeoutMs = 20_000): Promise<number | string | null> {
    const ended = this.#ended;
    if (this.#child?.pid !== undefined) process.kill(this.#child.pid, "SIGTERM");
    return within("the server ends when it is told to", timeoutMs, ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killHard();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What the process holds, summed over it and its workers, after garbage collection. */
  async holdings(): Promise<Holdings> {
    const each = await Promise.all(this.pids.map((pid) => holdingsOf(pid, this.#folder)));
    const [first, ...others] = each;
    if (first === undefined) throw new Error("no process was counted");
    const sum = (name: keyof Holdings): [keyof Holdings, number] => [
      name,
      others.reduce((total, held) => total + held[name], first[name]),
    ];
    return Object.fromEntries((Object.keys(first) as (keyof Holdings)[]).map(sum)) as unknown as Holdings;
  }

  /**
   * Waits until no connection is left and nothing is being written, and counts then. With `before` it waits until there
   * is no more of either than there was then: the last connection takes a moment to end.
   */
  async holdingsAtRest(before?: Holdings, timeoutMs = 60_000): Promise<Holdings> {
    const processes = this.pids.length;
    const { connections, directories } = before ?? { connections: processes * ownSocketsMax, directories: processes };
    let held = await this.holdings();
    await until(
      "the server comes to rest",
      async () => {
        held = await this.holdings();
        return held.connections <= connections && held.directories <= directories;
      },
      timeoutMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(held)}`);
    });
    return held;
  }

  /** A new connection, greeting read, in the mode that is asked for. */
  async loggedIn(options: LoginOptions = {}, password = "secret"): Promise<FtpDriver> {
    const { user = "alice", mode = "explicit", maxVersion = "TLSv1.3", timeoutMs = 20_000, from } = options;
    const tls = { rejectUnauthorized: false, maxVersion };
    const driver = await FtpDriver.connect(mode === "explicit" ? this.explicitPort : this.implicitPort, {
      timeoutMs,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    options.onRaw?.(driver.socket);
    try {
      if (mode === "implicit") await driver.startTls(tls);
      await driver.reply();
      await driver.logIn(user, password, tls);
      await driver.expect("TYPE I", 200);
      return driver;
    } catch (error) {
      await driver[Symbol.asyncDispose]();
      throw error;
    }
  }

  #hear(line: string): void {
    const kind = /"(?:kind|event)":"([a-z-]+)"/.exec(line)?.[1];
    if (kind === undefined) return;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    if (kind === "listener-bound") {
      const { tlsMode, port } = JSON.parse(line) as { readonly tlsMode: string; readonly port: number };
      this.#ports.set(tlsMode, port);
    }
    if (kind === "internal-error" && this.faults.length < 100) this.faults.push(line);
  }
}

export interface LoginOptions {
  readonly user?: string;
  readonly mode?: "explicit" | "implicit";
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
  readonly timeoutMs?: number;
  /** Local address to come from. */
  readonly from?: string;
  /** Is given the TCP connection below TLS, to cut it. */
  readonly onRaw?: (socket: FtpDriver["socket"]) => void;
}

const insideServer = fileURLToPath(new URL("./inside-server.ts", import.meta.url));
const listening = ["--listen", "127.0.0.1", "--explicit-port", "0", "--implicit-port", "0"];
const asRoot = process.getuid?.() === 0 ? ["--allow-root"] : [];

/** Sockets that Node itself holds: those of the pipes to us, and to workers. */
const ownSocketsMax = 4;

async function addAccounts(state: string, others: readonly Omit<NewAccount, "password">[]): Promise<void> {
  await using accounts = await AccountDatabase.open(prepareStateDirectory(state).accounts, { create: true });
  await using hasher = new PasswordHasher();
  const passwordHash = await hasher.hash("secret");
  for (const account of [{ name: "alice" }, { name: "bob" }, ...others])
    await accounts.add({ ...account, passwordHash });
}

function withChildren(pid: number): number[] {
  const children = new Set<number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, "latin1");
    for (const child of text.split(" ").filter((number) => number !== "")) children.add(Number(child));
  }
  return [pid, ...[...children].flatMap(withChildren)];
}
