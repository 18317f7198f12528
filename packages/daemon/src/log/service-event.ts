import type { VirtualPath } from "@sallyport/protocol";
import type { ConnectionStatus, RunningTransfer, ServerEvent } from "@sallyport/server";

/** What the operated service reports besides its server's events; times are milliseconds since 1970. */
export type ServiceOnlyEvent = { readonly atMs: number } & (
  | {
      readonly kind: "service-started";
      readonly version: string;
      readonly process: number;
      readonly state: string;
      readonly root: string;
      readonly runAs?: string;
    }
  /** A demonstration can be connected to; the password lies in the file, or for strangers in the greeting. */
  | {
      readonly kind: "demo-ready";
      readonly host: string;
      readonly explicitPort: number | undefined;
      readonly implicitPort: number | undefined;
      readonly demoAccount: string;
      readonly passwordFile?: string;
      readonly authority?: string;
      readonly files: string;
      /** Where a browser finds the online client. */
      readonly web?: string;
    }
  /** Something that works, but not as one might think: why, and what would help. */
  | { readonly kind: "service-warning"; readonly cause: string; readonly fix: string }
  | {
      readonly kind: "certificate-loaded";
      readonly names: readonly string[];
      readonly notAfter: Date;
      readonly fingerprint: string;
      /** Of its key, as clients pin it. */
      readonly pin: string;
    }
  | { readonly kind: "certificate-renewed"; readonly notAfter: Date; readonly authorityReplaced: boolean }
  /** A worker serves; workers are numbered from 0. */
  | { readonly kind: "worker-started"; readonly worker: number; readonly process: number }
  /** A worker ended that was not told to; its connections are broken, and another takes its place. */
  | {
      readonly kind: "worker-ended";
      readonly worker: number;
      readonly process: number;
      readonly cause: string;
      readonly connectionsCount: number;
      readonly restartMs: number;
    }
  /** Everything was read again; logins were ended because of their account, or go on with other rights. */
  | {
      readonly kind: "service-reloaded";
      readonly changed: readonly string[];
      readonly needRestart: readonly string[];
      readonly endedCount: number;
      readonly refreshedCount: number;
    }
  /** What was loaded before stays in use. */
  | { readonly kind: "reload-failed"; readonly cause: string }
  | { readonly kind: "service-stopping"; readonly cause: string }
  /** A second signal: what still runs is cut. */
  | { readonly kind: "service-cut"; readonly cause: string }
  | { readonly kind: "service-stopped"; readonly durationMs: number }
  /** The administrator ended a ban, or made an address's wrong passwords forgotten. */
  | {
      readonly kind: "address-forgiven";
      readonly remoteAddress: string;
      readonly host: string;
      readonly wasBanned: boolean;
    }
  /** A receiver of notifications cannot be reached; told once until it can. */
  | (OfTarget & { readonly kind: "notify-unreachable"; readonly cause: string; readonly waiting: number })
  | (OfTarget & { readonly kind: "notify-reached"; readonly waiting: number })
  /** The first attempt to deliver this one failed; told once for each. */
  | (OfTarget & OfNotification & { readonly kind: "notify-postponed"; readonly retryMs: number })
  | (OfTarget & OfNotification & { readonly kind: "notify-refused" })
  /** Notifications that were tried for as long as they may be. */
  | (OfTarget & { readonly kind: "notify-given-up"; readonly count: number })
  /** Something of ours failed, such as the disk. */
  | (OfTarget & { readonly kind: "notify-failed"; readonly cause: string })
  /** For lack of room; `count` is of all since the start. */
  | { readonly kind: "notifications-dropped"; readonly count: number; readonly cause: string }
  /** Another log file than this one cannot be written; told once until it can be again. */
  | { readonly kind: "log-failed"; readonly file: string; readonly cause: string }
  | { readonly kind: "log-recovered"; readonly file: string; readonly linesLost: number }
  /** Lines of this log that are missing. */
  | { readonly kind: "lines-left-out"; readonly linesCount: number; readonly cause: string }
  /** One control connection as it is now, for who asked by a signal. */
  | ({ readonly kind: "connection-shown" } & Omit<ConnectionStatus, "activity"> & ShownActivity)
  | {
      readonly kind: "connections-shown";
      readonly connectionsCount: number;
      readonly loginsCount: number;
      readonly transfersCount: number;
    }
);

interface OfTarget {
  /** Path of the program or origin of the webhook. */
  readonly target: string;
}

interface OfNotification {
  readonly id: string;
  readonly notified: string;
  readonly cause: string;
}

/** The fields of an activity beside its words. */
export interface ShownActivity {
  readonly activity: string;
  readonly verb?: string;
  readonly path?: VirtualPath;
  readonly bytes?: number;
  readonly bytesPerSecond?: number;
  readonly dataTls?: RunningTransfer["tls"];
}

export type ServiceEvent = ServerEvent | ServiceOnlyEvent;

export type EventKind = ServiceEvent["kind"];

export type EventOf<Kind extends EventKind> = Extract<ServiceEvent, { readonly kind: Kind }>;
