import { bytesFromOctets, type LimitValues, type Octets, octetsFromBytes, PeerViolation } from "@sallyport/protocol";

/** The names, or paths, that a walk of a tree has yet to come to: as many as the limit `treeWaitingBytes` permits. */
export class WaitingNames {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor({ treeWaitingBytes }: Pick<LimitValues, "treeWaitingBytes">) {
    this.#bytesMax = treeWaitingBytes;
  }

  /**
   * Takes a name in and returns it as octets of its own: as it was parsed, it would keep all of the listing around it.
   * Throws PeerViolation `SALLYPORT_TREE_TOO_LARGE` where no more may wait.
   */
  add<Name extends Octets>(name: Name): Name {
    this.#bytes += sizeOf(name);
    if (this.#bytes > this.#bytesMax) throw treeTooLarge(`more than ${this.#bytesMax} octets of names at once`);
    return octetsFromBytes(bytesFromOctets(name)) as Name;
  }

  delete(name: Octets): void {
    this.#bytes -= sizeOf(name);
  }
}

export function treeTooLarge(what: string): PeerViolation {
  return new PeerViolation("SALLYPORT_TREE_TOO_LARGE", `The server's tree has ${what}`);
}

/** With about what a string and its place take. */
function sizeOf(name: Octets): number {
  return name.length + 48;
}
