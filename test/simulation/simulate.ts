import {
  bytesFromOctets,
  limitValues,
  type Octets,
  octetsFromBytes,
  type Settlement,
  type UserPiPolicy,
  type VirtualPath,
} from "@sallyport/protocol";
import { FtpServer, type ListenerOptions, type ServerEvent } from "@sallyport/server";
import type { Account } from "@sallyport/server/accounts";
import { MemoryDirectory, type Storage } from "@sallyport/server/storage";
import type { ServerTlsProfile } from "@sallyport/transport";
import type { Socket } from "node:net";
import { FileModel } from "./file-model.ts";
import { type Fault, Network, useNetwork } from "./network.ts";
import { drawOperation, type Operation } from "./operations.ts";
import { type Plan } from "./plan.ts";
import { Random } from "./random.ts";
import { SimUser } from "./sim-user.ts";
import { clock } from "./virtual-clock.ts";

export interface RunResult {
  readonly violations: readonly string[];
  readonly transcript: readonly string[];
  /** Operations that were acknowledged, for a look at whether runs do anything at all. */
  readonly acknowledgedCount: number;
  readonly steps: number;
  readonly faultsMet: readonly Fault[];
}

const account: Account = {
  name: "alice",
  home: "/" as VirtualPath,
  permissions: [],
  readOnly: false,
  anonymous: false,
};
const ordinaryFailures: ReadonlySet<string> = new Set(["SALLYPORT_COMMAND_REFUSED", "SALLYPORT_ABORTED"]);
const password = "s3cret";
const stepsMax = 40_000;

/** Carries out one plan, and says in what it went against what must hold. The same plan gives the same result. */
export async function simulate(plan: Plan): Promise<RunResult> {
  clock.reset();
  const run = new Run(plan);
  try {
    await run.carryOut();
  } catch (error) {
    run.violate(`the run threw: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    useNetwork(undefined);
  }
  return run.result;
}

class Run {
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #network: Network;
  readonly #model = new FileModel();
  readonly #directory = new MemoryDirectory();
  readonly #view: Storage = this.#directory.forOwner("nobody");
  readonly #operations = new Map<number, Operation>();
  readonly #violations: string[] = [];
  readonly #transcript: string[] = [];
  readonly #faultsMet: Fault[] = [];
  readonly #checks: (() => Promise<void>)[] = [];
  readonly #servers: FtpServer[] = [];
  readonly #replyCounts = new Map<string, { commands: number; finals: number }>();
  #user: SimUser | undefined;
  #operationsLeft: number;
  #attemptsLeft = 4;
  #acknowledgedCount = 0;
  #settledCount = 0;
  #steps = 0;
  #nextId = 1;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    this.#operationsLeft = plan.operationsCount;
    this.#network = new Network({
      random: this.#random.fork(),
      manners: plan.manners,
      faults: plan.faults,
      onFault: (fault) => {
        this.#faultsMet.push(fault);
        this.#note(
          `(fault here: ${fault.kind}, ${fault.lane}, octet ${fault.atOctet} of ${fault.hits} ${fault.connection})`,
        );
      },
    });
  }

  get result(): RunResult {
    return {
      violations: this.#violations,
      transcript: this.#transcript,
      acknowledgedCount: this.#acknowledgedCount,
      steps: this.#steps,
      faultsMet: this.#faultsMet,
    };
  }

  violate(what: string): void {
    this.#note(`VIOLATION: ${what}`);
    this.#violations.push(what);
  }

  async carryOut(): Promise<void> {
    useNetwork(this.#network);
    await this.#putFiles();
    this.#startServer();
    this.#connect();
    await clock.settle();
    for (const event of this.#plan.events) clock.schedule(event.atMs, () => this.#happen(event.kind));
    while (await clock.tick()) {
      for (const check of this.#checks.splice(0)) await check();
      this.#checkBounds();
      if (++this.#steps > stepsMax) return this.violate("the run does not come to rest");
      if (this.#violations.length > 5) return;
    }
    await this.#checkRest();
  }

  #note(text: string): void {
    this.#transcript.push(`${String(clock.nowMs).padStart(8)}  ${text}`);
  }

  /** What was there before anybody came; one name stays free. */
  async #putFiles(): Promise<void> {
    for (const path of ["/f0", "/f1"] as VirtualPath[]) {
      const content = `${path} from the start:`.padEnd(this.#random.below(3_000), "s") as Octets;
      const file = await this.#directory.forOwner("nobody").openWrite(path, { kind: "replace" });
      await file.write(bytesFromOctets(content), 0);
      await file.publish();
      this.#model.acknowledged(path, content);
    }
  }

  #startServer(): void {
    const { security } = this.#plan;
    const listener: ListenerOptions = {
      tlsMode: security === "implicit" ? "implicit" : "explicit",
      address: "192.0.2.1",
      port: 21,
      requireTls: security === "plain" ? "none" : "login,data",
    };
    const started = new FtpServer({
      listeners: [listener],
      ...(security === "plain" ? {} : { tls: {} as ServerTlsProfile }),
      storage: this.#directory,
      authenticator: {
        authenticate: async (user, given) =>
          user === account.name && given === password ? { kind: "accepted", account } : { kind: "refused" },
      },
      observer: { transcript: true, onEvent: (event) => this.#observe(this.#servers.length, event) },
      // A server that names a wrong address in reply 227 is no reason to go there.
      passive: { masquerade: "203.0.113.5" },
      limits: { commandQueueCount: 8, dataStallMs: 30_000 },
    });
    this.#servers.push(started);
    this.#network.serve((socket) => started.serve(socket as unknown as Socket, listener));
  }

  #observe(generation: number, event: ServerEvent): void {
    if (event.kind === "internal-error") {
      const { error } = event;
      this.violate(`the server failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
    if (event.kind === "attack-suspected" || event.kind === "connection-closed")
      this.#note(`(server: ${event.kind}: ${event.cause})`);
    if (event.kind === "tls-established" && this.#network.wires.at(-1)?.fromUser.tampered === true) {
      this.violate("TLS was established behind clear octets that nobody should have taken");
    }
    if (event.kind === "connection-closed" && event.cause === "quit") this.#checkReplies(generation, event.connection);
    if (event.kind !== "command" && event.kind !== "reply") return;
    const key = `${generation}.${event.connection}`;
    const count = this.#replyCounts.get(key) ?? { commands: 0, finals: 0 };
    this.#replyCounts.set(key, count);
    if (event.kind === "command") count.commands += event.line === "" ? 0 : 1;
    // The greeting and 421 answer nothing.
    else if (/^[2-5]/.test(event.line) && !/^(?:220 FTP|421)/.test(event.line)) count.finals += 1;
    if (count.finals > count.commands) this.violate(`connection ${key}: more replies than commands`);
    if (event.kind === "reply") this.#note(`        (server says ${event.line.trimEnd().split("\r\n")[0]})`);
  }

  #checkReplies(generation: number, connection: number): void {
    const key = `${generation}.${connection}`;
    const { commands, finals } = this.#replyCounts.get(key) ?? { commands: 0, finals: 0 };
    if (finals !== commands) this.violate(`connection ${key}: ${commands} commands, ${finals} replies`);
  }

  #connect(): void {
    if (this.#attemptsLeft-- <= 0) return;
    const wire = this.#network.dialControl();
    if (wire === undefined) {
      this.#note("(nobody answers)");
      return void clock.schedule(1_000, () => this.#connect());
    }
    const { plan, operations } = { plan: this.#plan, operations: this.#operations };
    this.#note(`(connect, ${plan.security}, ${plan.dataSetup})`);
    this.#user = new SimUser(wire, {
      network: this.#network,
      random: this.#random.fork(),
      policy: policyOf(plan),
      credentials: { user: "alice" as Octets, password: (plan.wrongPassword ? "guess" : password) as Octets },
      trusts: plan.trusted,
      staleTimers: plan.staleTimers,
      note: (text) => this.#note(text),
      violate: (what) => this.violate(what),
      contentOf: (id) => operations.get(id)?.content ?? ("" as Octets),
      settled: (id, settlement, received) => this.#settled(id, settlement, received),
      closed: (reconnect) => this.#userClosed(reconnect),
      opened: () => this.#opened(wire.fromUser.tampered || wire.fromServer.tampered),
    });
  }

  #opened(tampered: boolean): void {
    if (tampered) this.violate("a connection was opened whose beginning somebody changed");
    if (this.#plan.wrongPassword || !this.#plan.trusted) this.violate("a connection was opened that must not be");
    clock.schedule(0, () => {
      for (let count = 0; count < this.#plan.depth; count++) this.#requestNext();
    });
  }

  #userClosed(reconnect: "now" | "later" | "never"): void {
    const user = this.#user;
    clock.schedule(reconnect === "later" ? 5_000 : 10, () => {
      if (user?.unsettledCount !== 0) this.violate("requests are left unsettled on a closed connection");
      if (this.#operationsLeft > 0 && reconnect !== "never") this.#connect();
    });
  }

  #requestNext(): void {
    const user = this.#user;
    if (user === undefined || user.isOver) return;
    const id = this.#nextId++;
    if (this.#operationsLeft <= 0) {
      if (this.#operationsLeft-- === 0) user.request({ kind: "quit", id });
      return;
    }
    this.#operationsLeft -= 1;
    const operation = drawOperation(this.#random, id, this.#model, this.#plan.depth > 1);
    this.#operations.set(id, operation);
    this.#note(`request ${id}: ${operation.request.kind} ${JSON.stringify(operation.check).slice(0, 80)}`);
    this.#expect(operation);
    user.request(operation.request);
    if (operation.abortAfterMs !== undefined) clock.schedule(operation.abortAfterMs, () => user.abort(id));
  }

  /** What may be seen from now on, since requests made together are carried out before they are settled here. */
  #expect({ check, request: { id } }: Operation): void {
    const model = this.#model;
    if (check.kind === "store") model.begun(id, check.path, [check.content]);
    if (check.kind === "delete") model.begun(id, check.path, [undefined]);
    if (check.kind !== "rename") return;
    model.begun(id, check.to, model.contentsOf(check.from));
    model.begun(id, check.from, [undefined]);
  }

  #settled(id: number, settlement: Settlement, received: Octets): void {
    const operation = this.#operations.get(id);
    if (operation !== undefined) {
      this.#settledCount += 1;
      if (settlement.ok) this.#acknowledgedCount += 1;
      else if (this.#plan.isCalm && !ordinaryFailures.has(settlement.failure.code)) {
        this.violate(`nothing went wrong, and request ${id} failed: ${settlement.failure.code}`);
      }
      this.#model.ended(id);
      this.#judge(operation, settlement, received);
    }
    clock.schedule(this.#random.below(30), () => this.#requestNext());
  }

  #judge({ check, request }: Operation, settlement: Settlement, received: Octets): void {
    const model = this.#model;
    const doubtful = !settlement.ok && settlement.failure.retry === "check";
    switch (check.kind) {
      case "store":
        if (settlement.ok) model.acknowledged(check.path, check.content);
        else if (doubtful) model.uncertain(check.path, check.content);
        return this.#compareLater(check.path, `after request ${request.id}`);
      case "delete":
        if (settlement.ok) model.acknowledged(check.path, undefined);
        else if (doubtful) model.uncertain(check.path, undefined);
        return this.#compareLater(check.path, `after request ${request.id}`);
      case "rename":
        return this.#judgeRename(check, settlement, doubtful);
      case "retrieve": {
        if (!settlement.ok) return;
        const allowed = model.contentsOf(check.path).some((content) => content?.slice(check.offset) === received);
        if (!allowed)
          this.violate(`request ${request.id}: a download counts as complete and is not: ${received.length} octets`);
        return;
      }
      case "list":
        if (settlement.ok && !/^type=cdir;[^]*\n$/i.test(received))
          this.violate(`request ${request.id}: a listing is not whole`);
        return;
      case "size": {
        if (!settlement.ok) return;
        const lengths = model.contentsOf(check.path).map((content) => String(content?.length));
        const text = settlement.reply.lines[0] ?? "";
        const mayBePart = model.contentsOf(check.path).includes(undefined);
        if (settlement.reply.code !== 213 || (!mayBePart && !lengths.includes(text))) {
          this.violate(`request ${request.id}: SIZE was answered ${settlement.reply.code} ${text}`);
        }
        return;
      }
      case "answer": {
        if (!settlement.ok) return;
        const text = settlement.reply.lines.join("\n");
        if (!check.codes.includes(settlement.reply.code) || !text.includes(check.words)) {
          this.violate(`request ${request.id} got another's reply: ${settlement.reply.code} ${text}`);
        }
      }
    }
  }

  #judgeRename({ from, to }: { from: VirtualPath; to: VirtualPath }, settlement: Settlement, doubtful: boolean): void {
    const model = this.#model;
    const contents = model.contentsOf(from);
    if (settlement.ok && model.isCertain(from)) {
      model.acknowledged(to, model.certain(from));
      model.acknowledged(from, undefined);
    } else if (settlement.ok || doubtful) {
      for (const content of contents) model.uncertain(to, content);
      model.uncertain(from, undefined);
    }
    this.#compareLater(from, "after a rename");
    this.#compareLater(to, "after a rename");
  }

  #compareLater(path: VirtualPath, when: string): void {
    this.#checks.push(() => this.#compare(path, when));
  }

  async #compare(path: VirtualPath, when: string): Promise<void> {
    const content = await contentOf(this.#view, path);
    if (this.#model.allows(path, content)) return;
    const shown = content === undefined ? "missing" : `${content.length} octets, ${content.slice(0, 20)}`;
    this.violate(`${path} ${when} is neither old nor new: ${shown}`);
  }

  #happen(kind: Plan["events"][number]["kind"]): void {
    this.#note(`(event: ${kind})`);
    const running = this.#servers.at(-1);
    switch (kind) {
      case "server-killed":
        this.#network.serve(undefined);
        for (const wire of this.#network.wires) wire.reset();
        return void clock.schedule(700, () => this.#startServer());
      case "server-stopped":
        this.#network.serve(undefined);
        void running?.close({ graceMs: 0 });
        return void clock.schedule(700, () => this.#startServer());
      case "user-killed":
        return this.#user?.kill();
    }
  }

  #checkBounds(): void {
    const pi = this.#user?.pi;
    if (pi === undefined) return;
    if (pi.outstanding.length > this.#plan.depth + 3) this.violate(`${pi.outstanding.length} commands are outstanding`);
    if (pi.queue.length > this.#plan.depth + 1) this.violate("the queue of requests grows");
    if (pi.dialogue.length > pi.policy.limits.dialogueTailCount) this.violate("the dialogue grows");
  }

  async #checkRest(): Promise<void> {
    if (this.#user?.isOver === false) this.violate("the user's connection is left open");
    for (const one of this.#servers) {
      if (one.connectionsCount > 0) this.violate("the server keeps a connection");
    }
    if (this.#network.listeningCount > 0) this.violate("a passive port is still reserved");
    for (const path of this.#model.paths()) await this.#compare(path, "at the end");
    if (this.#plan.isCalm && this.#settledCount < this.#plan.operationsCount)
      this.violate("nothing went wrong and not everything was done");
  }
}

function policyOf(plan: Plan): UserPiPolicy {
  return {
    security: plan.security,
    mechanisms: ["TLS", "TLS-C", "SSL"],
    dataProtection: "P",
    dataSetup: plan.dataSetup,
    passiveAddress: "control",
    pipelinedMax: plan.depth,
    limits: limitValues(),
  };
}

async function contentOf(view: Storage, path: VirtualPath): Promise<Octets | undefined> {
  try {
    await using file = await view.openRead(path);
    const buffer = new Uint8Array(file.sizeBytes);
    if (buffer.length > 0) await file.read(buffer, 0);
    return octetsFromBytes(buffer);
  } catch {
    return undefined;
  }
}
