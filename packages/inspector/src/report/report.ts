import type { DetectedProduct } from "../fixes/products.ts";
import type { Grade } from "../grade/grade.ts";
import type { TlsMode } from "../model/index.ts";
import type { Finding } from "./finding.ts";
import type { Handshakes } from "./handshakes.ts";

/** Version of the published schema, docs/reference/inspect-report.schema.json. */
export const reportVersion = 1;

/** How a port was met. */
export interface PortReport {
  readonly port: number;
  /** `tls`: TLS stands; `clear`: FTP without TLS; `not-ftp`: something else answers; `closed`: nothing does. */
  readonly state: "tls" | "clear" | "not-ftp" | "closed";
  readonly text: string;
  readonly protocol: string | null;
  readonly suite: string | null;
  readonly group: string | null;
  readonly alpn: string | null;
}

/** Everything that a run found, of which every output is drawn. */
export interface InspectReport {
  readonly version: typeof reportVersion;
  readonly host: string;
  readonly address: string;
  readonly startedAt: string;
  readonly tookMs: number;
  /** How much of it were waits on purpose, to see that nothing comes. */
  readonly waitedMs: number;
  readonly ports: Readonly<Record<TlsMode, PortReport | null>>;
  readonly handshakes: Handshakes;
  readonly product:
    | (Pick<DetectedProduct, "product" | "name" | "evidence"> & { readonly version: string | null })
    | null;
  readonly grade: Grade;
  /** When the first of the certificates that were shown ends; null where none was. */
  readonly certificateUntil: string | null;
  /** The checks that were asked for, and that the grade is of; null for all. */
  readonly only: readonly string[] | null;
  readonly findings: readonly Finding[];
  readonly connections: {
    readonly control: number;
    readonly controlMax: number;
    readonly data: number;
  };
  /** Whether the budget or the time ran out before every check was made. */
  readonly isPartial: boolean;
  /** Whether it is as it was demanded to be; null where nothing was demanded. */
  readonly judgement: Judgement | null;
}

/** Why a server could not be inspected at all. */
export type InspectFailure =
  | { readonly kind: "name-unknown"; readonly host: string }
  | { readonly kind: "forbidden"; readonly host: string; readonly address: string }
  | { readonly kind: "unreachable"; readonly host: string; readonly ports: InspectReport["ports"] }
  | { readonly kind: "not-ftp"; readonly host: string; readonly ports: InspectReport["ports"] };

/** What comes of inspecting one server. */
export type InspectResult = InspectReport | InspectFailure;

export function isFailure(result: InspectResult): result is InspectFailure {
  return "kind" in result;
}

/** Whether a server is as it has to be. */
export interface Judgement {
  readonly isMet: boolean;
  /** A sentence without its full stop for each demand that is not met. */
  readonly unmet: readonly string[];
}
