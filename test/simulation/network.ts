import type { Random } from "./random.ts";
import { SimSocket } from "./sim-socket.ts";
import { clock } from "./virtual-clock.ts";
import { Wire, type WireFault, type WireManners } from "./wire.ts";

export const serverAddress = "192.0.2.1";
export const userAddress = "192.0.2.7";
const strangerAddress = "198.51.100.9";

interface Port {
  readonly number: number;
  take: ((socket: SimSocket) => void) | undefined;
}

/** A fault of the world: what it hits, and where. One list of them makes a run; fewer of them shrink it. */
export interface Fault {
  readonly hits: "control" | "data";
  /** The how-many-th connection of that sort. */
  readonly connection: number;
  readonly lane: "fromUser" | "fromServer";
  readonly kind: WireFault["kind"] | "refused" | "stranger" | "late";
  readonly atOctet: number;
}

export interface NetworkOptions {
  readonly random: Random;
  readonly manners: WireManners;
  readonly faults: readonly Fault[];
  readonly onFault: (fault: Fault) => void;
}

/** Everything between the user's host and the server's. */
export class Network {
  readonly wires: Wire[] = [];
  readonly #options: NetworkOptions;
  readonly #ports = new Map<number, Port>();
  readonly #userPorts = new Map<number, (wire: Wire) => void>();
  readonly #counts = { control: 0, data: 0 };
  #nextPort = 50_000;
  #accept: ((socket: SimSocket) => void) | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  get listeningCount(): number {
    return this.#ports.size;
  }

  serve(accept: ((socket: SimSocket) => void) | undefined): void {
    this.#accept = accept;
  }

  /** The user dials the server's control port; undefined while nobody serves it. */
  dialControl(): Wire | undefined {
    const accept = this.#accept;
    const { wire, refused } = this.#wire("control");
    if (accept === undefined || refused !== undefined) return undefined;
    this.#after(() => accept(this.#socket(wire, 21, userAddress)));
    return wire;
  }

  /** The user dials a passive port; calls back with the wire, or undefined where nobody listens. */
  dialData(number: number, opened: (wire: Wire | undefined) => void): void {
    const { wire, refused } = this.#wire("data");
    if (refused?.kind === "stranger")
      this.#meet(number, new Wire(this.#options.random.fork(), this.#options.manners), strangerAddress);
    const waitMs = refused?.kind === "late" ? refused.atOctet * 50 : 0;
    clock.schedule(waitMs, () => {
      this.#after(() => {
        const met = refused?.kind !== "refused" && this.#meet(number, wire, userAddress);
        this.#after(() => opened(met ? wire : undefined));
      });
    });
  }

  /** The server asks for a passive port. */
  listen(): Port | undefined {
    if (this.#ports.size > 200) return undefined;
    const port: Port = { number: this.#nextPort++, take: undefined };
    this.#ports.set(port.number, port);
    return port;
  }

  release(number: number): void {
    this.#ports.delete(number);
  }

  /** The user listens for the server (PORT). */
  listenAsUser(opened: (wire: Wire) => void): number {
    const number = this.#nextPort++;
    this.#userPorts.set(number, opened);
    return number;
  }

  closeUserPort(number: number): void {
    this.#userPorts.delete(number);
  }

  dialUser(number: number): Promise<SimSocket | undefined> {
    const { wire, refused } = this.#wire("data");
    return new Promise((resolve) => {
      this.#after(() => {
        const opened = refused === undefined ? this.#userPorts.get(number) : undefined;
        if (opened === undefined) return resolve(undefined);
        opened(wire);
        resolve(this.#socket(wire, 20, userAddress));
      });
    });
  }

  #meet(number: number, wire: Wire, address: string): boolean {
    const port = this.#ports.get(number);
    if (port?.take === undefined) return false;
    port.take(this.#socket(wire, number, address));
    return true;
  }

  #wire(hits: "control" | "data"): { wire: Wire; refused: Fault | undefined } {
    const { random, manners, faults, onFault } = this.#options;
    const connection = this.#counts[hits]++;
    const mine = faults.filter((fault) => fault.hits === hits && fault.connection === connection);
    for (const fault of mine) onFault(fault);
    const of = (lane: Fault["lane"]): WireFault | undefined =>
      mine.find((fault): fault is Fault & WireFault => fault.lane === lane && !meetingFaults.has(fault.kind));
    const wire = new Wire(random.fork(), manners, { fromUser: of("fromUser"), fromServer: of("fromServer") });
    this.wires.push(wire);
    return { wire, refused: mine.find((fault) => meetingFaults.has(fault.kind)) };
  }

  #socket(wire: Wire, localPort: number, remoteAddress: string): SimSocket {
    return new SimSocket(wire, { remoteAddress, remotePort: 40_000, localAddress: serverAddress, localPort });
  }

  #after(run: () => void): void {
    clock.schedule(this.#options.random.below(this.#options.manners.delayMs + 1), run);
  }
}

/** Faults of the meeting of two ends, not of the octets between them. */
const meetingFaults: ReadonlySet<Fault["kind"]> = new Set(["refused", "stranger", "late"]);

let current: Network | undefined;

export function useNetwork(network: Network | undefined): void {
  current = network;
}

export function currentNetwork(): Network {
  if (current === undefined) throw new Error("no run is under way");
  return current;
}
