import {
  bytesFromOctets,
  type Credentials,
  limitValues,
  newUserPi,
  type Octets,
  octetsFromBytes,
  receiveOctets,
  ReplyDecoder,
  type Settlement,
  stepUserPi,
  type TimerName,
  type UserPi,
  type UserPiEffect,
  type UserPiEvent,
  type UserPiPolicy,
  type UserRequest,
} from "@sallyport/protocol";
import { type Network, serverAddress, userAddress } from "./network.ts";
import type { Random } from "./random.ts";
import { Opener, sealed } from "./seal.ts";
import { UserData } from "./user-data.ts";
import { clock } from "./virtual-clock.ts";
import type { Wire } from "./wire.ts";

export interface SimUserOptions {
  readonly network: Network;
  readonly random: Random;
  readonly policy: UserPiPolicy;
  readonly credentials: Credentials;
  readonly trusts: boolean;
  /** Timers that are over fire all the same. */
  readonly staleTimers: boolean;
  readonly note: (text: string) => void;
  readonly violate: (what: string) => void;
  /** What an upload sends, and where the octets of a download go. */
  readonly contentOf: (request: number) => Octets;
  readonly settled: (id: number, settlement: Settlement, received: Octets) => void;
  readonly closed: (reconnect: "now" | "later" | "never", code: string | undefined) => void;
  readonly opened: () => void;
}

const waitsMs: Readonly<Record<TimerName, number>> = {
  greeting: 30_000,
  handshake: 15_000,
  reply: 90_000,
  "data-open": 20_000,
  preliminary: 20_000,
  completion: 90_000,
  abort: 5_000,
};

/** The shell around one user-PI: what a client library will be, over the simulated network. */
export class SimUser {
  pi: UserPi;
  readonly #options: SimUserOptions;
  readonly #wire: Wire;
  readonly #decoder = new ReplyDecoder(limitValues());
  readonly #data = new Map<number, UserData>();
  readonly #settledIds = new Set<number>();
  readonly #requested = new Set<number>();
  #opener: Opener | undefined;
  #secure = false;
  #over = false;
  #timer: { cancelled: boolean } | undefined;
  #handled = 0;
  #applying = false;
  readonly #waiting: UserPiEvent[] = [];

  constructor(wire: Wire, options: SimUserOptions) {
    this.#options = options;
    this.#wire = wire;
    const { policy, credentials } = options;
    const { pi, effects } = newUserPi({ policy, credentials, peerAddress: serverAddress });
    this.pi = pi;
    wire.fromServer.connect({
      onOctets: (octets) => this.#receive(octets),
      onEnd: () => this.#lost("the server ended the connection"),
      onReset: () => this.#lost("the connection was reset"),
    });
    this.#take({ pi, effects });
    if (policy.security === "implicit") this.#startTls();
  }

  /** Whether nothing is left to happen here but by the server. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Requests that were made and not settled. */
  get unsettledCount(): number {
    return this.#requested.size - this.#settledIds.size;
  }

  request(request: UserRequest): void {
    this.#requested.add(request.id);
    this.#step({ kind: "request", request });
  }

  abort(id: number): void {
    this.#options.note(`the user aborts ${id}`);
    this.#step({ kind: "abort", id });
  }

  /** The user's process is gone: everything it held is reset. */
  kill(): void {
    if (this.#over) return;
    this.#options.note("the user is killed");
    this.#wire.reset();
    for (const data of this.#data.values()) data.breakOff();
    this.#step({ kind: "connection-closed", cause: "killed" });
  }

  /** Effects are carried out in their order, so what happens meanwhile waits. */
  #step(event: UserPiEvent): void {
    if (this.#applying) return void this.#waiting.push(event);
    try {
      this.#take(stepUserPi(this.pi, event));
    } catch (error) {
      this.#options.violate(
        `the user-PI threw at ${event.kind}: ${String(error instanceof Error ? error.stack : error)}`,
      );
    }
  }

  #take({ pi, effects }: { pi: UserPi; effects: readonly UserPiEffect[] }): void {
    this.pi = pi;
    this.#applying = true;
    for (const effect of effects) this.#apply(effect);
    this.#applying = false;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#step(next);
  }

  #receive(octets: Uint8Array): void {
    if (this.#over) return;
    if (this.#opener === undefined) return this.#read(octets);
    for (const record of this.#opener.push(octets)) {
      if (this.#over) return;
      if (record === "broken" || record.kind === "alert") return this.#tlsBroke();
      if (record.kind === "closeNotify") return this.#lost("the server ended TLS");
      if (record.kind === "hello" && !this.#secure) this.#finishTls();
      else if (record.kind === "data" && this.#secure) this.#read(record.payload);
      else return this.#tlsBroke();
    }
  }

  #read(octets: Uint8Array): void {
    this.#options.note(`S> ${printable(octets)}`);
    try {
      this.#take(receiveOctets(this.pi, this.#decoder, octets));
    } catch (error) {
      this.#options.violate(`the user-PI threw at octets: ${String(error instanceof Error ? error.stack : error)}`);
    }
  }

  #tlsBroke(): void {
    if (this.#secure) this.#lost("TLS broke");
    else this.#step({ kind: "tls-failed", cause: "the handshake broke" });
  }

  #startTls(): void {
    this.#options.note("⟨user hello⟩");
    this.#opener = new Opener();
    this.#wire.fromUser.send(sealed("hello"));
  }

  #finishTls(): void {
    this.#secure = true;
    this.#wire.fromUser.send(sealed("finished"));
    this.#options.note("⟨TLS established⟩");
    this.#step(this.#options.trusts ? { kind: "tls-established" } : { kind: "tls-untrusted", cause: "another name" });
  }

  #lost(cause: string): void {
    if (this.#over) return;
    this.#options.note(cause);
    for (const event of this.#decoder.end()) this.#step(event);
    this.#step({ kind: "connection-closed", cause });
  }

  #apply(effect: UserPiEffect): void {
    if (++this.#handled > 20_000) return this.#options.violate("the user-PI never comes to rest");
    switch (effect.kind) {
      case "send":
        return this.#send(effect.line);
      case "start-tls":
        return this.#startTls();
      case "end-tls":
        return this.#options.violate("the user-PI leaves TLS, which nobody has asked for");
      case "connect-data":
        return this.#connectData(effect.connection, effect.endpoint.host, effect.endpoint.port);
      case "listen-data":
        return this.#listenData(effect.connection);
      case "move-data":
        return this.#move(effect.connection, effect.protection === "C" ? "C" : "P");
      case "break-data":
        return this.#data.get(effect.connection)?.breakOff();
      case "settled":
        return this.#settle(effect.id, effect.settlement);
      case "opened":
        return this.#options.opened();
      case "arm":
        return this.#arm(effect.timer, effect.sequence);
      case "disarm":
        if (this.#timer !== undefined) this.#timer.cancelled = true;
        return undefined;
      case "close":
        return this.#close(effect.reconnect, effect.failure?.code);
      case "preliminary":
      case "remember":
      case "foreign-address":
        return undefined;
      case "next-security-token":
        return this.#options.violate("there is no GSSAPI here");
    }
  }

  #send(line: Octets): void {
    const { note, policy, violate } = this.#options;
    note(`C> ${line}${this.#secure ? "" : "   (clear)"}`);
    if (!this.#secure && policy.security !== "plain" && /^(?:USER|PASS|ACCT)/i.test(line)) {
      violate(`a secret left in the clear: ${line}`);
    }
    const octets = bytesFromOctets(`${line}\r\n` as Octets);
    this.#wire.fromUser.send(this.#secure ? sealed("data", octets) : octets);
  }

  #connectData(connection: number, host: string, port: number): void {
    if (host !== serverAddress) this.#options.violate(`the user-PI connects to ${host}`);
    const data = this.#newData(connection);
    this.#options.network.dialData(port, (wire) => {
      if (wire === undefined) return data.fail();
      if (data.attach(wire)) this.#step({ kind: "data-connected", connection });
    });
  }

  #listenData(connection: number): void {
    const data = this.#newData(connection);
    const { network } = this.#options;
    const port = network.listenAsUser((wire) => {
      network.closeUserPort(port);
      data.attach(wire);
    });
    this.#step({ kind: "data-listening", connection, endpoint: { host: userAddress, port } });
  }

  #newData(connection: number): UserData {
    const data = new UserData({
      note: (text) => this.#options.note(`data ${connection}: ${text}`),
      ended: (outcome) => this.#step({ kind: "data-ended", connection, outcome }),
      repeatAfterMs: this.#options.staleTimers ? this.#options.random.below(300) : undefined,
    });
    this.#data.set(connection, data);
    return data;
  }

  #move(connection: number, protection: "C" | "P"): void {
    const { job, parameters } = this.pi;
    if (job?.kind !== "transfer") return;
    const { direction, id } = job.request;
    this.#data.get(connection)?.move({ direction, protection, parameters, content: this.#options.contentOf(id) });
  }

  #settle(id: number, settlement: Settlement): void {
    if (this.#settledIds.has(id)) this.#options.violate(`request ${id} was settled twice`);
    this.#settledIds.add(id);
    const outcome = settlement.ok ? settlement.reply.code : `${settlement.failure.code} (${settlement.failure.retry})`;
    this.#options.note(`request ${id} settled: ${outcome}`);
    const last = [...this.#data.values()].at(-1);
    this.#options.settled(id, settlement, last?.received ?? ("" as Octets));
  }

  #arm(name: TimerName, sequence: number): void {
    const { staleTimers, random } = this.#options;
    if (this.#timer !== undefined) this.#timer.cancelled = true;
    if (staleTimers && random.chance(0.3)) {
      // One that is over fires late, and twice.
      for (const afterMs of [0, random.below(300)]) {
        clock.schedule(afterMs, () => this.#step({ kind: "timeout", sequence: sequence - 1 }));
      }
    }
    this.#timer = clock.schedule(waitsMs[name], () => this.#step({ kind: "timeout", sequence }));
  }

  #close(reconnect: "now" | "later" | "never", code: string | undefined): void {
    if (this.#over) return this.#options.violate("the user-PI closed twice");
    this.#over = true;
    this.#options.note(`the user closes (${code ?? "after QUIT"}, reconnect ${reconnect})`);
    if (this.#secure) this.#wire.fromUser.send(sealed("closeNotify"));
    this.#wire.fromUser.end();
    if (this.#timer !== undefined) this.#timer.cancelled = true;
    for (const data of this.#data.values()) data.close();
    this.#options.closed(reconnect, code);
  }
}

function printable(octets: Uint8Array): string {
  return JSON.stringify(octetsFromBytes(octets)).slice(1, -1);
}
