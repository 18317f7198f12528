import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { limits } from "@sallyport/protocol";
import { defaultAuthorities } from "@sallyport/transport";
import type { Capture } from "./capture/capture.ts";
import { shownLeaves } from "./checks/certificate.ts";
import type { Check } from "./checks/check.ts";
import { checks } from "./checks/table.ts";
import { gradeOf } from "./grade/grade.ts";
import type { TlsMode } from "./model/index.ts";
import { ConnectionBudget } from "./probes/budget.ts";
import { gather, type Facts } from "./probes/gather.ts";
import type { InspectedServer } from "./probes/inspected-server.ts";
import { judge, namesCheck, type Demands } from "./report/demands.ts";
import { Judging } from "./report/findings.ts";
import { handshakesOf } from "./report/handshakes.ts";
import { portsOf, someIsFtp } from "./report/ports.ts";
import type { Finding } from "./report/finding.ts";
import { reportVersion, type InspectReport, type InspectResult } from "./report/report.ts";

/** What is inspected, and how. */
export interface InspectOptions {
  /** Default: 21 and 990; `off` leaves a mode out. */
  readonly ports?: Partial<Readonly<Record<TlsMode, number | "off">>>;
  /** For the checks that need a login; they are left out without. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Authorities in PEM form, instead of the system's. */
  readonly ca?: string;
  /** Authorities in PEM form, beside the others. */
  readonly extraCa?: string;
  /** Gives the password also to a server that no authority vouches for. */
  readonly insecure?: boolean;
  /** Tries whether anybody may log in as anonymous. */
  readonly anonymous?: boolean;
  /** Lets checks that need a login write: what they make, they remove again. */
  readonly write?: boolean;
  /** The one address to inspect, where the name has several or is not in the system's name service. */
  readonly address?: string;
  /** Name servers to ask about the name, instead of the system's; addresses, as 192.0.2.1 or 192.0.2.1:5353. */
  readonly nameServers?: readonly string[];
  /** Whether an address that the host's name led to may be connected to; default: any. */
  readonly permits?: (host: string, address: string) => boolean;
  /** Makes the checks that take more connections, and lifts the bound on them. */
  readonly deep?: boolean;
  /** IDs of the only checks to report; those of a family by their beginning, such as `T`. */
  readonly only?: readonly string[];
  /** What the report is held against. */
  readonly demands?: Demands;
  /** Longest wait for each step; default limits.handshakeMs. */
  readonly timeoutMs?: number;
  /** When no more connections are begun, so that the report is of what was seen until then; default 300,000. */
  readonly maxTimeMs?: number;
  readonly signal?: AbortSignal;
  /** Keeps everything that goes over the wire; keys of connections with a password are told apart there. */
  readonly capture?: Capture;
  /** Is told of each finding as soon as what it takes is known; the report has them all, in its own order. */
  readonly onFinding?: (finding: Finding) => void;
}

/** Control connections of the default set, both ports together: more look like an attack to servers that count. */
const controlConnectionsMax = 40;
/** Every suite of four versions and every group, and what the default set takes. */
const deepConnectionsMax = 400;
const controlConnectionsAtOnce = 2;
const maxTimeMsUsual = 300_000;
/** Twice patience with a server that has too many connections, in the time that one usually counts in. */
const backOffMs = [1000, 4000];

/**
 * Inspects a server in both modes of TLS: makes connections within a budget, gathers facts, judges them check by check
 * and grades what it found. No password is sent but the one given, that only inside TLS; nothing is written.
 *
 * @throws the reason of `signal` when that aborts.
 */
export async function inspect(host: string, options: InspectOptions = {}): Promise<InspectResult> {
  const startedAt = new Date();
  const startedMs = performance.now();
  // Deadlines of AbortSignal hold no process, and a server may close every connection while one is waited for.
  using _held = setInterval(() => {}, 60_000);
  const address = options.address ?? (await addressOf(host));
  if (address === undefined) return { kind: "name-unknown", host };
  if (options.permits?.(host, address) === false) return { kind: "forbidden", host, address };
  const server = await inspectedServer(host, address, options);
  const rows = checks.filter(wanted(options.only));
  const judging = new Judging(rows, options.onFinding ?? (() => {}));
  const facts = await gather(server, new Set(rows.flatMap(({ needs }) => needs)), (known, settled) => {
    if (someIsFtp(portsOf(known, server))) judging.settled(known, settled);
  });
  const ports = portsOf(facts, server);
  if (!someIsFtp(ports)) {
    const isSomethingElse = Object.values(ports).some((port) => port?.state === "not-ftp");
    return { kind: isSomethingElse ? "not-ftp" : "unreachable", host, ports };
  }
  const { product, findings } = judging;
  const { budget } = server;
  const report: Omit<InspectReport, "judgement"> = {
    version: reportVersion,
    ...{ host, address, startedAt: startedAt.toISOString(), tookMs: Math.round(performance.now() - startedMs) },
    waitedMs: Math.round(budget.waitedMs),
    ports,
    handshakes: handshakesOf(facts),
    product: product === undefined ? null : { ...product, version: product.version ?? null },
    grade: gradeOf(findings, facts),
    certificateUntil: certificateEnd(facts),
    only: options.only ?? null,
    findings,
    connections: { control: budget.controlUsed, controlMax: budget.controlMax, data: budget.dataUsed },
    isPartial: budget.isExhausted,
  };
  return { ...report, judgement: options.demands === undefined ? null : judge(report, options.demands) };
}

/** The IDs that a list may name, in the order of the report. */
export const checkIds: readonly string[] = [...new Set(checks.map(({ id }) => id))];

function wanted(only: readonly string[] | undefined): (row: Check) => boolean {
  if (only === undefined) return () => true;
  return ({ id }) => only.some((name) => namesCheck(name, id));
}

async function addressOf(host: string): Promise<string | undefined> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch {
    return undefined;
  }
}

async function inspectedServer(host: string, address: string, options: InspectOptions): Promise<InspectedServer> {
  const { ca, extraCa, credentials, timeoutMs = limits.handshakeMs.value } = options;
  const base = ca === undefined ? await defaultAuthorities() : [ca];
  const authorities = extraCa === undefined ? base : [...base, extraCa];
  const signal = options.signal ?? new AbortController().signal;
  const port = (mode: TlsMode, usual: number) => {
    const given = options.ports?.[mode] ?? usual;
    return given === "off" ? undefined : given;
  };
  return {
    ...{ host, address, authorities, timeoutMs, signal, credentials },
    insecure: options.insecure === true,
    isDeep: options.deep === true,
    capture: options.capture,
    permits: (candidate) => options.permits?.(host, candidate) !== false,
    isAnonymousTried: options.anonymous === true,
    isWritingAllowed: options.write === true,
    nameServers: options.nameServers,
    ports: { explicit: port("explicit", 21), implicit: port("implicit", 990) },
    context: createSecureContext({ ca: [...authorities] }),
    budget: new ConnectionBudget({
      controlMax: options.deep === true ? deepConnectionsMax : controlConnectionsMax,
      atOnce: controlConnectionsAtOnce,
      backOffMs,
      maxTimeMs: options.maxTimeMs ?? maxTimeMsUsual,
      signal,
    }),
  };
}

function certificateEnd({ modes }: Facts): string | null {
  if (modes.kind === "missing") return null;
  const ends = shownLeaves(modes.value).map(({ leaf }) => leaf.validUntil.getTime());
  return ends.length === 0 ? null : new Date(Math.min(...ends)).toISOString();
}
