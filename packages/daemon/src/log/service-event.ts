import type { ServerEvent } from "@sallyport/server";

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
    }
  /** Something that works, but not as one might think: why, and what would help. */
  | { readonly kind: "service-warning"; readonly cause: string; readonly fix: string }
  | {
      readonly kind: "certificate-loaded";
      readonly names: readonly string[];
      readonly notAfter: Date;
      readonly fingerprint: string;
    }
  | { readonly kind: "certificate-renewed"; readonly notAfter: Date; readonly authorityReplaced: boolean }
  | { readonly kind: "service-reloaded" }
  /** What was loaded before stays in use. */
  | { readonly kind: "reload-failed"; readonly cause: string }
  | { readonly kind: "service-stopping"; readonly cause: string }
  | { readonly kind: "service-stopped"; readonly durationMs: number }
);

export type ServiceEvent = ServerEvent | ServiceOnlyEvent;

export type EventKind = ServiceEvent["kind"];

export type EventOf<Kind extends EventKind> = Extract<ServiceEvent, { readonly kind: Kind }>;
