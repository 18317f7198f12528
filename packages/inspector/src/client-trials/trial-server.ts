import { once } from "node:events";
import * as net from "node:net";
import type { TlsMode } from "../model/index.ts";
import type { TrialIdentities } from "./identities.ts";
import { trialContext } from "./tls-end.ts";
import { TrialDialogue } from "./trial-dialogue.ts";
import type { TrialFacts, TrialScript } from "./trial.ts";

/** Both ports of a server that plays one script after another to the clients that come. */
export class TrialServer implements AsyncDisposable {
  readonly ports: Readonly<Record<TlsMode, number>>;
  readonly #servers: readonly net.Server[];
  readonly #identities: TrialIdentities;
  #script: TrialScript | undefined;
  #dialogues: TrialDialogue[] = [];
  #wake: () => void = () => {};

  private constructor(servers: readonly net.Server[], identities: TrialIdentities) {
    const [explicit, implicit] = servers.map((server) => (server.address() as net.AddressInfo).port);
    this.ports = { explicit: explicit ?? 0, implicit: implicit ?? 0 };
    this.#servers = servers;
    this.#identities = identities;
  }

  /** @throws the system's error where a port is taken. */
  static async start(
    address: string,
    ports: Readonly<Record<TlsMode, number>>,
    identities: TrialIdentities,
  ): Promise<TrialServer> {
    let accept: (mode: TlsMode, tcp: net.Socket) => void = (_mode, tcp) => tcp.destroy();
    const servers: net.Server[] = [];
    try {
      for (const mode of ["explicit", "implicit"] as const) {
        const server = net.createServer((tcp) => accept(mode, tcp)).listen(ports[mode], address);
        servers.push(server);
        await once(server, "listening");
      }
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
    const trials = new TrialServer(servers, identities);
    accept = (mode, tcp) => trials.#accept(mode, tcp);
    return trials;
  }

  /** Plays a script from here on. */
  begin(script: TrialScript): void {
    this.#script = script;
    this.#dialogues = [];
  }

  /** Plays no script any more and tells what happened in the last one. */
  end(): Pick<TrialFacts, "controls"> {
    this.#script = undefined;
    const controls = this.#dialogues.map(({ facts }) => facts);
    for (const dialogue of this.#dialogues) dialogue.destroy();
    return { controls };
  }

  /** Waits until a client came and all its connections have been over for a while, or the time is up. */
  async visited(options: {
    readonly quietMs: number;
    readonly deadlineMs: number;
    readonly signal: AbortSignal;
  }): Promise<void> {
    const { quietMs, deadlineMs, signal } = options;
    const over = AbortSignal.any([AbortSignal.timeout(deadlineMs), signal]);
    while (!over.aborted) {
      const count = this.#dialogues.length;
      if (count === 0) await this.#change(over);
      else {
        await Promise.race([Promise.all(this.#dialogues.map(({ closed }) => closed)), aborted(over)]);
        await Promise.race([this.#change(over), new Promise((resolve) => setTimeout(resolve, quietMs).unref())]);
        if (this.#dialogues.length === count) return;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const dialogue of this.#dialogues) dialogue.destroy();
    for (const server of this.#servers) server.close();
  }

  #accept(mode: TlsMode, tcp: net.Socket): void {
    const script = this.#script;
    tcp.on("error", () => {});
    if (script === undefined || script.mode !== mode || this.#dialogues.length >= connectionsMax)
      return void tcp.destroy();
    const { identities } = this.#identities;
    const { identity = "good", isOldTls = false } = script;
    const control = trialContext(identities[identity], isOldTls);
    const { dataIdentity } = script;
    const data = dataIdentity === undefined ? control : trialContext(identities[dataIdentity], isOldTls);
    const isComingBack = script.closesAfterAuth === true && this.#dialogues.length > 0;
    this.#dialogues.push(new TrialDialogue(tcp, { script, contexts: { control, data }, isComingBack }));
    this.#wake();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

/** Connections of one trial; clients that try without end are cut off. */
const connectionsMax = 20;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
