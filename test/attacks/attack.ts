import type { FtpDriver } from "@sallyport/testing";

/** A server under attack, of ours or the broken one. */
export interface Target {
  readonly explicitPort: number;
  readonly implicitPort: number;
  /** A new connection to the explicit port, greeting read. */
  greeted(): Promise<FtpDriver>;
  /** A new connection, under TLS and logged in with PROT P, in TYPE I. */
  loggedIn(user?: "alice" | "bob"): Promise<FtpDriver>;
  /** The directory that is served. */
  readonly directory: string;
}

/** One attack: it returns when the target withstands, and throws, saying what it found, when it does not. */
export interface Attack {
  /** IDs of the requirement list. */
  readonly ids: string;
  readonly title: string;
  run(target: Target): Promise<void>;
}

/** The target showed the weakness that an attack looks for. */
export class Vulnerable extends Error {}

export function demand(condition: boolean, weakness: string): asserts condition {
  if (!condition) throw new Vulnerable(weakness);
}
