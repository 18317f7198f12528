import {
  type Command,
  isVirtualPath,
  type Octets,
  type ProtectionLevel,
  resolvePath,
  type Verb,
  verbs,
  type VirtualPath,
} from "@sallyport/protocol";
import { canonicalAddress } from "@sallyport/transport";
import type { PiState } from "../login/login-state.ts";
import type { PeerSecurity, TransferFacts } from "../observer.ts";
import type { TransferProgress } from "./deadlines.ts";

/** What one control connection does at the moment; durations in milliseconds. */
export type ConnectionActivity =
  /** The greeting is not sent yet: an implicit connection makes its TLS first. */
  | { readonly kind: "greeting" }
  | { readonly kind: "logging-in" }
  | { readonly kind: "idle"; readonly durationMs: number }
  | { readonly kind: "running"; readonly verb: Verb; readonly path?: VirtualPath; readonly durationMs: number }
  | ({ readonly kind: "transferring" } & RunningTransfer)
  /** Good-bye is said; what is left is the peer's to close. */
  | { readonly kind: "closing" };

export interface RunningTransfer {
  readonly verb: string;
  readonly direction: TransferFacts["direction"];
  readonly path: VirtualPath;
  /** Whether the data connection is private (P); it may not be there yet. */
  readonly protectionLevel: ProtectionLevel;
  /** Octets of the file so far, not of the wire; uploads count in the pieces that are written, up to 1 MiB. */
  readonly bytes: number;
  readonly durationMs: number;
  /** Mean since the transfer began. */
  readonly bytesPerSecond: number;
  /** TLS of the data connection; absent in the clear and as long as it is not established. */
  readonly tls?: { readonly protocol: string; readonly suite: string; readonly resumed: boolean };
}

/** One control connection as an administrator sees it; nothing of it is secret. */
export interface ConnectionStatus {
  /** Number of the control connection, as in the events about it. */
  readonly connection: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly tlsMode: "explicit" | "implicit";
  /** TLS of the control connection as of now; absent in the clear. */
  readonly tls?: { readonly protocol: string; readonly suite: string };
  /** Who the peer is by a security mechanism in the place of TLS. */
  readonly security?: PeerSecurity;
  /** Name of the account, once logged in. */
  readonly account?: string;
  /** Milliseconds since 1970. */
  readonly openedAtMs: number;
  readonly activity: ConnectionActivity;
}

/** Which connections are meant: those of an account, of an address, or with these numbers. */
export type ConnectionSelector =
  | { readonly account: string }
  | { readonly address: string }
  | { readonly connections: readonly number[] };

/** Whether a connection is meant; one that is closing already is not. */
export function selects(selector: ConnectionSelector, status: ConnectionStatus): boolean {
  const { account, remoteAddress, connection, activity } = status;
  if (activity.kind === "closing") return false;
  if ("account" in selector) return account === selector.account;
  if ("address" in selector) return remoteAddress === (canonicalAddress(selector.address) ?? selector.address);
  return selector.connections.includes(connection);
}

/** A command while its handler runs, with the path that its argument names, if it names one. */
export interface RunningCommand {
  readonly verb: Verb;
  readonly path?: VirtualPath;
  /** By the monotonic clock. */
  readonly sinceMs: number;
}

export function runningCommand(command: Command, state: PiState): RunningCommand {
  const { verb, argument } = command;
  const sinceMs = performance.now();
  const grammar = verbs[verb].argument;
  if (grammar !== "pathname" && grammar !== "optionalPathname") return { verb, sinceMs };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both grammars give a pathname or nothing
  const path = resolvePath(state.workingDirectory, (argument ?? "") as Octets);
  return isVirtualPath(path) ? { verb, path, sinceMs } : { verb, sinceMs };
}

/** What is going on: a transfer that has begun to move, else the running command, else waiting. */
export function activityOf(
  running: RunningCommand | undefined,
  progress: TransferProgress | undefined,
  connection: {
    readonly isGreeted: boolean;
    readonly isLoggedIn: boolean;
    readonly isEnding: boolean;
    readonly idleSinceMs: number;
  },
): ConnectionActivity {
  if (connection.isEnding) return { kind: "closing" };
  if (!connection.isGreeted) return { kind: "greeting" };
  if (!connection.isLoggedIn) return { kind: "logging-in" };
  const nowMs = performance.now();
  if (running === undefined) return { kind: "idle", durationMs: nowMs - connection.idleSinceMs };
  const { sinceMs, ...command } = running;
  if (progress === undefined) return { kind: "running", ...command, durationMs: nowMs - sinceMs };
  const { verb, direction, path, protectionLevel, bytes, tls } = progress;
  const durationMs = nowMs - progress.sinceMs;
  const bytesPerSecond = durationMs > 0 ? Math.round((bytes / durationMs) * 1000) : 0;
  const facts = { verb, direction, path, protectionLevel, bytes, durationMs, bytesPerSecond };
  return { kind: "transferring", ...facts, ...(tls === undefined ? {} : { tls }) };
}
