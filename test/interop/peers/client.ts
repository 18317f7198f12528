import type { Outcome } from "./program.ts";

export type Mode = "plain" | "explicit" | "implicit";
export type TlsVersion = "TLSv1.2" | "TLSv1.3";
export type Operation = "list" | "get" | "put" | "resume get" | "resume put" | "active get" | "active put";

/** Where a client goes, as whom, and whom it trusts. */
export interface Target {
  readonly mode: Mode;
  /** `127.0.0.1` or `::1`; the certificate is for both. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly caFile: string;
}

/** One thing that a client is asked to do. */
export interface Task extends Target {
  readonly operation: Operation;
  /** Directory on the server, relative to the login directory, and the name of a file in it. */
  readonly folder: string;
  readonly remote: string;
  /** Path of the file on this side; for `resume get` it holds the beginning. */
  readonly local: string;
  /** What a resumed transfer finds of the file. */
  readonly presentBytes: number;
  /** The client's own, empty directory. */
  readonly directory: string;
}

export type Perform = (task: Task) => Promise<Outcome>;

/** A client of another vendor: what it can do, and how it is told to. What it cannot do it has no entry for. */
export interface StockClient {
  readonly name: string;
  /** For needs() of the testing package. */
  readonly needs: readonly string[];
  /** The version that the interoperability document speaks of. */
  readonly testedVersion: string;
  readonly askVersion: (directory: string) => Promise<Outcome>;
  readonly modes: readonly Mode[];
  readonly hasIpv6: boolean;
  readonly operations: Partial<Record<Operation, Perform>>;
  /** Operations that it cannot do in a mode, or over IPv6. */
  readonly lacks?: Partial<Record<Mode | "IPv6", readonly Operation[]>>;
  /** It offers no TLS 1.2 that this server takes: without extended master secret (RFC 7627). */
  readonly lacksTls12?: boolean;
  /** Its uploads over TLS end without close_notify. */
  readonly closesUncleanly?: boolean;
  /** What it does that a server has to know of, one sentence each. */
  readonly quirks: readonly string[];
}

/** The operations that a client can do in a mode. */
export function operationsOf(
  { operations, lacks }: StockClient,
  mode: Mode,
  address: "127.0.0.1" | "::1",
): readonly Operation[] {
  const lacking = new Set([...(lacks?.[mode] ?? []), ...(address === "::1" ? (lacks?.IPv6 ?? []) : [])]);
  return (Object.keys(operations) as Operation[]).filter((operation) => !lacking.has(operation));
}

/** A host as it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
