import type { Random } from "./random.ts";
import { clock } from "./virtual-clock.ts";

/** Who takes what a wire brings. */
export interface WireEnd {
  onOctets(octets: Uint8Array): void;
  onEnd(): void;
  onReset(): void;
}

/** What goes wrong in one direction of a wire, at an octet counted from its start; absent: nothing. */
export interface WireFault {
  readonly kind: "reset" | "silence" | "false-end" | "flip" | "inject" | "strip" | "behind-auth";
  readonly atOctet: number;
}

/** Faults that somebody in between makes out of what he reads, at the line of AUTH and at its reply. */
const rewritten: Partial<Record<WireFault["kind"], (text: string, variant: number) => string>> = {
  strip: (text) => text.replace(/^AUTH .*\r\n$/, "NOPE\r\n").replace(/^234.*\r\n$/, "502 Not here.\r\n"),
  "behind-auth": (text, variant) => {
    if (text.startsWith("234")) return text + (variant % 2 === 0 ? "230 Welcome.\r\n" : "\r\n");
    return text.startsWith("AUTH") ? `${text}NOOP\r\n` : text;
  },
};

/** How one direction behaves that is not broken. */
export interface WireManners {
  /** Longest time that a piece is on its way. */
  readonly delayMs: number;
  /** Longest piece; octets sent together may come in pieces, and pieces together. */
  readonly pieceBytes: number;
}

/** Text that somebody in between puts into a wire. */
const injected = new TextEncoder().encode("226 injected\r\n");

/** One direction of a TCP connection: octets in order, cut anywhere, late, and then an end or a reset. */
class Lane {
  readonly #random: Random;
  readonly #manners: WireManners;
  readonly #fault: WireFault | undefined;
  readonly #onFault: (fault: WireFault) => void;
  #to: WireEnd | undefined;
  #waiting: (() => void)[] = [];
  #lastAtMs = 0;
  #sentBytes = 0;
  #over = false;
  /** Somebody in between has changed what was said about TLS. */
  tampered = false;

  constructor(random: Random, manners: WireManners, fault: WireFault | undefined, onFault: (fault: WireFault) => void) {
    this.#random = random;
    this.#manners = manners;
    this.#fault = fault;
    this.#onFault = onFault;
  }

  connect(to: WireEnd): void {
    this.#to = to;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** Sends octets; `taken` is called when the last piece is there, as a full window would make the sender wait. */
  send(octets: Uint8Array, taken?: () => void): void {
    if (this.#over) return void clock.soon(() => taken?.());
    const fault = this.#fault;
    const rewrite = fault === undefined ? undefined : rewritten[fault.kind];
    let rest = octets;
    if (rewrite !== undefined) {
      rest = Buffer.from(rewrite(Buffer.from(octets).toString("latin1"), fault?.atOctet ?? 0), "latin1");
      this.tampered ||= rest.length !== octets.length;
    }
    const hits = fault !== undefined && rewrite === undefined && this.#sentBytes + rest.length > fault.atOctet;
    if (hits) rest = rest.subarray(0, Math.max(0, fault.atOctet - this.#sentBytes));
    this.#sentBytes += rest.length;
    for (let at = 0; at < rest.length;) {
      const length = 1 + this.#random.below(Math.min(this.#manners.pieceBytes, rest.length - at));
      const piece = rest.slice(at, at + length);
      at += length;
      this.#later((to) => to.onOctets(piece));
    }
    if (hits) this.#break(fault, octets.subarray(rest.length));
    this.#later(() => taken?.());
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#later((to) => to.onEnd());
  }

  reset(): void {
    this.#over = true;
    this.#later((to) => to.onReset());
  }

  /** Nothing comes out any more, and nobody is told. */
  silence(): void {
    this.#over = true;
    this.#to = { onOctets: () => {}, onEnd: () => {}, onReset: () => {} };
  }

  #break(fault: WireFault, rest: Uint8Array): void {
    switch (fault.kind) {
      case "flip": {
        const broken = rest.slice();
        broken[0] = (broken[0] ?? 0) ^ 0x80;
        this.#later((to) => to.onOctets(broken));
        this.#sentBytes = Number.NEGATIVE_INFINITY;
        return;
      }
      case "inject":
        this.#later((to) => to.onOctets(injected.slice()));
        this.#later((to) => to.onOctets(rest.slice()));
        this.#sentBytes = Number.NEGATIVE_INFINITY;
        return;
      case "false-end":
        this.end();
        return;
      case "reset":
      case "silence":
      case "strip":
      case "behind-auth":
        this.#over = true;
        this.#onFault(fault);
    }
  }

  #later(run: (to: WireEnd) => void): void {
    const atMs = Math.max(this.#lastAtMs, clock.nowMs + this.#random.below(this.#manners.delayMs + 1));
    this.#lastAtMs = atMs;
    clock.schedule(atMs - clock.nowMs, () => {
      if (this.#to === undefined) this.#waiting.push(() => this.#to && run(this.#to));
      else run(this.#to);
    });
  }
}

/** A TCP connection between two ends. */
export class Wire {
  readonly fromUser: Lane;
  readonly fromServer: Lane;

  constructor(
    random: Random,
    manners: WireManners,
    faults: { readonly fromUser?: WireFault | undefined; readonly fromServer?: WireFault | undefined } = {},
  ) {
    const onFault = ({ kind }: WireFault): void => (kind === "silence" ? this.silence() : this.reset());
    this.fromUser = new Lane(random.fork(), manners, faults.fromUser, onFault);
    this.fromServer = new Lane(random.fork(), manners, faults.fromServer, onFault);
  }

  /** Breaks the connection for both sides. */
  reset(): void {
    this.fromUser.reset();
    this.fromServer.reset();
  }

  silence(): void {
    this.fromUser.silence();
    this.fromServer.silence();
  }
}

export type { Lane };
