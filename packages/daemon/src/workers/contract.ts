import type {
  AdmittedPeer,
  Admission,
  ConnectionSelector,
  ConnectionStatus,
  ReviewedLogins,
  TransferDirection,
} from "@sallyport/server";
import type { FailureVerdict, LoginAttempt, ThrottleVerdict } from "@sallyport/server/accounts";
import type { TlsIdentityOptions } from "@sallyport/transport";
import type { ServiceEvent } from "../log/service-event.ts";
import type { TlsMaterial } from "../serving.ts";
import type { ServiceSettings } from "../settings.ts";

/** What a worker has to know before it serves. */
export interface WorkerBrief {
  /** Its number, from 0. */
  readonly slot: number;
  /** Its own part of the service's settings. */
  readonly settings: ServiceSettings;
  /** What the primary has read, perhaps with rights that nobody has any more. */
  readonly material: TlsMaterial;
  readonly identityKey: string;
  /** Which events are wanted. */
  readonly transcript: boolean;
  /** Warnings, errors and transfers alone. */
  readonly quiet: boolean;
  readonly uploadDigest?: "SHA-256";
}

/** A connection that the primary has accepted. */
export interface Handover {
  /** Number of the listener, in the order of the settings. */
  readonly listener: number;
  /** Absent where a trusted proxy has yet to say whose connection it is. */
  readonly admitted: AdmittedPeer | undefined;
}

/** Why a worker cannot serve; its parts make an error of the same kind in the primary. */
export interface StartFailure {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
}

/** What the primary asks of a worker, and tells it. */
export interface WorkerCalls {
  /** Opens everything; the failure, if there is one. */
  begin(brief: WorkerBrief): StartFailure | undefined;
  /** A socket comes along. */
  serve(handover: Handover): void;
  replaceIdentities(identities: readonly TlsIdentityOptions[]): void;
  reconfigure(changes: Pick<WorkerBrief, "settings" | "material">): Promise<void>;
  reviewLogins(all: undefined): ReviewedLogins;
  connections(all: undefined): readonly ConnectionStatus[];
  disconnect(order: { readonly selector: ConnectionSelector; readonly text: string; readonly cause?: string }): number;
  /** Ends what is not transferring, and the rest after a time. */
  close(patience: { readonly graceMs: number }): void;
  /** The worker's part of an account's rate, from now on. */
  shareRate(share: RateOfKey): void;
  /** Octets in what the account of a quota has stored; asked while the worker waits for `countQuota`. */
  sizeOf(owner: string): number;
  /** Gives back what is leased of a quota and not needed at the moment; how much that was. */
  yieldQuota(owner: string): number;
}

/** What a worker asks of the primary, and tells it. */
export interface PrimaryCalls {
  report(events: readonly ServiceEvent[]): void;
  /** A socket has arrived; told before anything is said over it. */
  took(sockets: number): void;
  /** A socket that was handed over is closed. */
  gone(sockets: number): void;

  admit(remoteAddress: string): Admission;
  closed(connection: number): void;
  judge(attempt: LoginAttempt): ThrottleVerdict;
  failed(attempt: LoginAttempt): FailureVerdict;
  succeeded(attempt: LoginAttempt): void;
  claimLogin(claim: LoginClaim): boolean;
  releaseLogin(connection: number): void;

  /**
   * Counts a transfer among those of a rate. The worker's part of it comes as `shareRate` before the answer: an answer is
   * heard a little later than what was told behind it, and would put an older part over a newer one.
   */
  beginTransfer(rate: RateOfKey): void;
  endTransfer(key: string): void;

  /** Answers when the account's octets are counted. */
  countQuota(quota: { readonly owner: string; readonly limitBytes: number }): void;
  freeQuota(owner: string): number;
  /** Asks for what is needed, and where there is more for some octets ahead; what was granted, 0 for a refusal. */
  leaseQuota(lease: { readonly owner: string; readonly neededBytes: number; readonly aheadBytes: number }): number;
  returnQuota(lease: OctetsOf): void;
  addQuota(change: OctetsOf): void;
  doubtQuota(owner: string): void;
  /** Answers when it is the worker's turn to change what the quota counts. */
  enterQuota(owner: string): void;
  leaveQuota(owner: string): void;
}

export interface LoginClaim {
  readonly connection: number;
  readonly account: string;
  readonly connectionsMax: number | undefined;
}

/** A rate under the name of its account and direction. */
export interface RateOfKey {
  readonly key: string;
  readonly bytesPerSecond: number;
}

export interface OctetsOf {
  readonly owner: string;
  readonly bytes: number;
}

/** What an account's transfers in one direction share. */
export function rateKey(account: string, direction: TransferDirection): string {
  return `${direction} ${account}`;
}
