import type { DriverTls, FtpDriver, TestServerOptions } from "@sallyport/testing";

/** How an attacker comes. */
export interface Approach {
  /** Local address of the control connection; 127.0.0.1 if not given. */
  readonly from?: string;
  readonly tls?: DriverTls;
  /** Longest wait for a reply; ten seconds if not given. */
  readonly timeoutMs?: number;
}

/** A server under attack in this process, of ours or the broken one. It knows `alice` and `bob`, password `secret`. */
export interface Target {
  readonly explicitPort: number;
  readonly implicitPort: number;
  /** The directory that is served. */
  readonly directory: string;
  /** A new connection to the explicit port, greeting read. */
  greeted(approach?: Approach): Promise<FtpDriver>;
  /** A new connection, under TLS and logged in with PROT P, in TYPE I. */
  loggedIn(user?: "alice" | "bob", approach?: Approach): Promise<FtpDriver>;
  /** Its log so far, as an operator reads it. */
  log(): string;
}

/** One attack: it returns when the target withstands, and throws, saying what it found, when it does not. */
export interface Attack {
  /** IDs of the requirement list. */
  readonly ids: string;
  readonly title: string;
  /** How a server of ours is set up for it; the broken one is as it is. */
  readonly setup?: TestServerOptions | (() => Promise<TestServerOptions>);
  /** What the machine must have. */
  readonly needs?: readonly string[];
  /** It compares times, and so has the machine to itself as far as may be. */
  readonly measuresTime?: true;
  run(target: Target): Promise<void>;
}

/** The target showed the weakness that an attack looks for. */
export class Vulnerable extends Error {}

export function demand(condition: boolean, weakness: string): asserts condition {
  if (!condition) throw new Vulnerable(weakness);
}

export const anyCertificate = { rejectUnauthorized: false } as const;

/** Waits without holding the process. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A server of ours that takes data in the clear, where an attack is about something else. */
export const clearData = { listener: { requireTls: "login" } } as const satisfies TestServerOptions;

/** Logged in, with PROT C. */
export async function clearDriver(target: Target): Promise<FtpDriver> {
  const driver = await target.loggedIn();
  await driver.expect("PROT C", 200);
  return driver;
}
