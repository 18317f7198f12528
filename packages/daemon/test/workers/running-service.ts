import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ServiceSettings } from "@sallyport/daemon";
import { AccountDatabase, type NewAccount } from "@sallyport/server/accounts";
import { FtpDriver, reachableCommand } from "@sallyport/testing";

export interface LoggedEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Directories of a service, with accounts in them whose password is `secret`. */
export interface Places extends AsyncDisposable {
  readonly root: string;
  readonly state: string;
}

export async function makePlaces(...accounts: readonly Omit<NewAccount, "password">[]): Promise<Places> {
  const base = mkdtempSync(join(tmpdir(), "sallyport-workers-"));
  chmodSync(base, 0o755);
  const [root, state] = [join(base, "root"), join(base, "state")];
  mkdirSync(root, { mode: 0o777 });
  chmodSync(root, 0o777);
  mkdirSync(state, { mode: 0o700 });
  await using database = await AccountDatabase.open(join(state, "accounts.db"), { create: true });
  for (const account of [{ name: "alice" }, ...accounts]) await database.add({ ...account, password: "secret" });
  return { root, state, [Symbol.asyncDispose]: async () => rmSync(base, { recursive: true, force: true }) };
}

/** A service in a process of its own, with two workers unless told otherwise. */
export class RunningService implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly events: LoggedEvent[] = [];
  readonly #errors: Buffer[] = [];
  #wake: () => void = () => undefined;

  constructor({ root, state }: Places, changes: Partial<ServiceSettings> = {}) {
    const settings: ServiceSettings = { ...defaults, root, statePath: state, ...changes };
    const program = join(import.meta.dirname, "service-program.ts");
    const words = [process.execPath, "--conditions=source", program, JSON.stringify(settings)];
    this.child = spawn(...reachableCommand(words), {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    if (this.child.stdout === null) throw new Error("standard output is a pipe");
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.events.push(JSON.parse(line) as LoggedEvent);
      this.#wake();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => void this.#errors.push(chunk));
    this.child.once("close", () => this.#wake());
  }

  /** What it wrote to standard error. */
  get errors(): string {
    return Buffer.concat(this.#errors).toString();
  }

  /** The n-th event of a kind, waiting for it. */
  async event(kind: string, index = 0): Promise<LoggedEvent> {
    const found = () => this.events.filter(({ event }) => event === kind)[index];
    await this.until(() => found() !== undefined, `${kind} ${index}`);
    return found() ?? { event: kind };
  }

  /** Waits until something holds, looked at after each event and every 20 ms. */
  async until(holds: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!holds()) {
      if (this.child.exitCode !== null) throw new Error(`ended with ${this.child.exitCode}: ${this.errors}`);
      if (Date.now() > deadline) throw new Error(`${what}: not in ${timeoutMs} ms; ${this.errors}`);
      // oxlint-disable-next-line no-await-in-loop -- events come one after the other
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, 20);
      });
    }
  }

  async port(mode: "explicit" | "implicit" = "explicit"): Promise<number> {
    await this.event("service-started");
    return Number(this.events.find(({ event, tlsMode }) => event === "listener-bound" && tlsMode === mode)?.["port"]);
  }

  /** Process numbers of the workers that serve, by their place. */
  get workers(): readonly number[] {
    const workers: number[] = [];
    for (const { event, worker, process: id } of this.events) {
      if (event === "worker-started") workers[Number(worker)] = Number(id);
    }
    return workers;
  }

  /** A connection whose greeting, or refusal, is read. */
  async greeted(localAddress = "127.0.0.1"): Promise<FtpDriver> {
    const driver = await FtpDriver.connect(await this.port(), { localAddress, timeoutMs: 20_000 });
    await driver.reply();
    return driver;
  }

  async loggedIn(user = "alice", localAddress?: string): Promise<FtpDriver> {
    const driver = await this.greeted(localAddress);
    await driver.logIn(user);
    await driver.expect("TYPE I", 200);
    return driver;
  }

  /** Waits until the primary has accepted a connection; before that the kernel answers for it. */
  async accepted(driver: FtpDriver): Promise<void> {
    const port = await this.port();
    const isAccepted = () => Number(inodeOf(port, driver.socket.localPort ?? 0)) > 0;
    await this.until(isAccepted, "accepted");
  }

  /** The worker that has a control connection, by its place. */
  async workerOf(driver: FtpDriver): Promise<number> {
    const inode = inodeOf(await this.port(), driver.socket.localPort ?? 0);
    return this.workers.findIndex((id) => holdsSocket(id, inode));
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const { exitCode, signalCode } = this.child;
    const ended = exitCode === null && signalCode === null ? once(this.child, "close") : undefined;
    this.child.kill(signal);
    await ended;
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

const defaults = {
  listen: ["127.0.0.1"],
  explicitPort: 0,
  implicitPort: 0,
  requireTls: "login,data",
  dataResumption: "adaptive",
  uncleanDataClose: "refuse",
  durable: false,
  readOnly: false,
  anonymous: false,
  ccc: false,
  proxyProtocolFrom: [],
  identities: [],
  allowRoot: true,
  graceMs: 2000,
  version: "0",
  workersCount: 2,
} as const;

/** The kernel's number of the server's end of a connection. */
function inodeOf(serverPort: number, clientPort: number): string {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, "0");
  const row = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(`:${hex(serverPort)}`) && remote?.endsWith(`:${hex(clientPort)}`));
  return row?.[9] ?? "none";
}

function holdsSocket(processId: number, inode: string): boolean {
  const directory = `/proc/${processId}/fd`;
  if (!existsSync(directory)) return false;
  return readdirSync(directory).some((name) => {
    try {
      return readlinkSync(join(directory, name)) === `socket:[${inode}]`;
    } catch {
      return false;
    }
  });
}
