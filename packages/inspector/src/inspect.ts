import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { limits } from "@sallyport/protocol";
import { defaultAuthorities } from "@sallyport/transport";
import { shownLeaves } from "./checks/certificate.ts";
import type { Check, FixName, Verdict } from "./checks/check.ts";
import { checks } from "./checks/table.ts";
import { fixesFor, fixFor } from "./fixes/fixes.ts";
import { detectProduct, productNames, type DetectedProduct } from "./fixes/products.ts";
import { gradeOf } from "./grade/grade.ts";
import type { TlsMode } from "./model/index.ts";
import { ConnectionBudget } from "./probes/budget.ts";
import { answerText, codeOf } from "./probes/control.ts";
import type { ModeFacts } from "./probes/dialogues.ts";
import { gather, type Facts } from "./probes/gather.ts";
import type { Gathered } from "./probes/gathered.ts";
import type { InspectedServer } from "./probes/inspected-server.ts";
import { handshakesOf } from "./report/handshakes.ts";
import { reportVersion, type Finding, type Fix, type InspectReport, type PortReport } from "./report/report.ts";

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
  /** The one address to inspect, where the name has several or is not in the system's name service. */
  readonly address?: string;
  /** Name servers to ask about the name, instead of the system's; addresses, as 192.0.2.1 or 192.0.2.1:5353. */
  readonly nameServers?: readonly string[];
  /** Makes the checks that take more connections, and lifts the bound on them. */
  readonly deep?: boolean;
  /** IDs of the only checks to report; those of a family by their beginning, such as `T`. */
  readonly only?: readonly string[];
  /** Longest wait for each step; default limits.handshakeMs. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Why a server could not be inspected at all. */
export type InspectFailure =
  | { readonly kind: "name-unknown"; readonly host: string }
  | { readonly kind: "unreachable"; readonly host: string; readonly ports: InspectReport["ports"] }
  | { readonly kind: "not-ftp"; readonly host: string; readonly ports: InspectReport["ports"] };

/** Control connections of the default set, both ports together: more look like an attack to servers that count. */
const controlConnectionsMax = 40;
/** Every suite of four versions and every group, and what the default set takes. */
const deepConnectionsMax = 400;
const controlConnectionsAtOnce = 2;
/** Twice patience with a server that has too many connections, in the time that one usually counts in. */
const backOffMs = [1000, 4000];

/**
 * Inspects a server in both modes of TLS: makes connections within a budget, gathers facts, judges them check by check
 * and grades what it found. No password is sent but the one given, that only inside TLS; nothing is written.
 *
 * @throws the reason of `signal` when that aborts.
 */
export async function inspect(host: string, options: InspectOptions = {}): Promise<InspectReport | InspectFailure> {
  const startedAt = new Date();
  const startedMs = performance.now();
  const address = options.address ?? (await addressOf(host));
  if (address === undefined) return { kind: "name-unknown", host };
  const server = await inspectedServer(host, address, options);
  const rows = checks.filter(wanted(options.only));
  const facts = await gather(server, new Set(rows.flatMap(({ needs }) => needs)));
  const ports = {
    explicit: portReport(facts.explicit, server, "explicit"),
    implicit: portReport(facts.implicit, server, "implicit"),
  };
  const states = [ports.explicit, ports.implicit].flatMap((port) => (port === null ? [] : [port.state]));
  if (!states.some((state) => state === "tls" || state === "clear")) {
    return { kind: states.includes("not-ftp") ? "not-ftp" : "unreachable", host, ports };
  }
  const product = detectProduct(facts);
  const findings = rows.flatMap((row) => findingsOf(row, facts, product));
  const { budget } = server;
  return {
    version: reportVersion,
    ...{ host, address, startedAt: startedAt.toISOString(), tookMs: Math.round(performance.now() - startedMs) },
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
}

/** The IDs that a list may name, in the order of the report. */
export const checkIds: readonly string[] = [...new Set(checks.map(({ id }) => id))];

/** Whether a name, an ID or the letter of a family, means a check. */
export function namesCheck(name: string, id: string): boolean {
  return id === name || (name.length === 1 && id.startsWith(name));
}

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
    isAnonymousTried: options.anonymous === true,
    nameServers: options.nameServers,
    ports: { explicit: port("explicit", 21), implicit: port("implicit", 990) },
    context: createSecureContext({ ca: [...authorities] }),
    budget: new ConnectionBudget({
      controlMax: options.deep === true ? deepConnectionsMax : controlConnectionsMax,
      atOnce: controlConnectionsAtOnce,
      backOffMs,
      signal,
    }),
  };
}

function portReport(fact: Gathered<ModeFacts>, { ports }: InspectedServer, mode: TlsMode): PortReport | null {
  const port = ports[mode];
  if (port === undefined) return null;
  const nothing = { protocol: null, suite: null, group: null, alpn: null };
  if (fact.kind === "missing") return { port, state: "closed", text: fact.reason, ...nothing };
  const { greeting, secured } = fact.value;
  if (secured?.kind === "secured") {
    const { protocol, suite, group = null, alpn = null } = secured;
    return { port, state: "tls", text: answerText(greeting), protocol, suite, group, alpn };
  }
  const isImplicit = "isImplicit" in fact.value && fact.value.isImplicit;
  const greeted = isImplicit ? "TLS from the first octet: this is a port for implicit mode" : answerText(greeting);
  const text = secured === undefined ? greeted : secured.text;
  const isFtp = codeOf(greeting) >= 100;
  return { port, state: isFtp ? "clear" : "not-ftp", text, ...nothing };
}

function certificateEnd({ modes }: Facts): string | null {
  if (modes.kind === "missing") return null;
  const ends = shownLeaves(modes.value).map(({ leaf }) => leaf.validUntil.getTime());
  return ends.length === 0 ? null : new Date(Math.min(...ends)).toISOString();
}

function findingsOf(row: Check, facts: Facts, product: DetectedProduct | undefined): readonly Finding[] {
  const { id, name, set, title, reference } = row;
  const base = { id, check: name, set, title, reference };
  const said = row.judge(facts, product?.product);
  if ("untested" in said) {
    return [{ ...base, status: "not-tested", text: said.untested, mode: null, evidence: [], cap: null, fix: null }];
  }
  return said.map((verdict) => ({
    ...base,
    status: verdict.status,
    text: verdict.text,
    mode: verdict.mode ?? null,
    evidence: verdict.evidence,
    cap: verdict.cap ?? null,
    fix: fixOf(verdict, product),
  }));
}

function fixOf({ fix, status }: Verdict, detected: DetectedProduct | undefined): Fix | null {
  if (fix === undefined || status === "ok") return null;
  const products = Object.fromEntries(
    Object.entries(fixesFor(fix satisfies FixName)).map(([product, text]) => [
      productNames[product as keyof typeof productNames],
      text,
    ]),
  );
  return { text: fixFor(fix, detected?.product), products: detected === undefined ? products : {} };
}
