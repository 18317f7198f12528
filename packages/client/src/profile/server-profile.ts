import type { Features } from "@sallyport/protocol";
import { createHash } from "node:crypto";

/** What can be learned of a server. How it is protected is no such thing: `HostMemoryStore` guards that. */
export interface ServerFacts {
  /** The program and its version, as greeting or CSID name it. */
  readonly product: string;
  /** The newest version of TLS in which data connections work, where that is not the newest of all. */
  readonly maxTlsVersion: "TLSv1.2";
  /** The first way to set up passive data connections that has not failed. */
  readonly passive: "EPSV" | "PASV";
  /** The most telling command that lists directories. */
  readonly listing: "MLSD" | "LIST" | "NLST";
  /** Whether data connections resume the TLS of their control connection. */
  readonly dataResumption: "accepted" | "refused";
  /** Names of the rules that its clock may run by; see `ServerZone`. */
  readonly zone: readonly string[];
  /** Control connections that it allowed at once, where it refused one more. */
  readonly connectionsMax: number;
  /** The encoding of its names. */
  readonly charset: string;
  /** Uploads are seen by nobody before they are whole, so that they need no temporary name. */
  readonly publishesWhole: boolean;
  /** How it is told times of change. */
  readonly timeCommand: "MFMT" | "SITE UTIME" | "MDTM";
  /** MODE Z makes transfers faster; `refused`, it is not carried out. */
  readonly compression: "worth" | "refused";
  /** The strongest digest that it computed. */
  readonly hash: string;
}

export type FactName = keyof ServerFacts;

/** A fact, what showed it, and when. */
export interface LearnedFact<Value> {
  readonly value: Value;
  /** A line of the dialogue, or a measured figure, for people to read. */
  readonly evidence: string;
  readonly learnedMs: number;
}

/** Everything that was learned of a server as long as it says the same of itself. */
export interface ServerProfile {
  /** See {@link serverFingerprint}. */
  readonly fingerprint: string;
  readonly facts: { readonly [Name in FactName]?: LearnedFact<ServerFacts[Name]> };
}

/**
 * What identifies the program behind a greeting and the lines of FEAT: a hash of both without what differs between two
 * connections to the same server. Clocks, dates, addresses, counters (Pure-FTPd: `You are user number 3 of 50`) and host
 * names of a cluster's machines are left out; version numbers, which have a point in them, stay: a new version is probed
 * anew.
 */
export function serverFingerprint(greeting: readonly string[], features: Features = new Map()): string {
  const offered = Array.from(features, ([verb, argument]) => `${verb} ${argument}`).toSorted();
  const lasting = [...greeting, ...offered].map((line) =>
    volatileParts.reduce((text, part) => text.replaceAll(part, "#"), line.slice(0, greetingLineMax)),
  );
  return createHash("sha256").update(lasting.join("\n")).digest("base64url").slice(0, 22);
}

/** A profile in which nothing is known yet. */
export function newProfile(fingerprint: string): ServerProfile {
  return { fingerprint, facts: {} };
}

/** The profile with one more fact; the newer one counts. Of an unchanged value the first evidence is kept. */
export function learnFact<Name extends FactName>(
  profile: ServerProfile,
  name: Name,
  value: ServerFacts[Name],
  { evidence, nowMs }: { readonly evidence: string; readonly nowMs: number },
): ServerProfile {
  const known = profile.facts[name];
  const isSame = known !== undefined && JSON.stringify(known.value) === JSON.stringify(value);
  const fact = { value, evidence: isSame ? known.evidence : evidence.slice(0, evidenceMax), learnedMs: nowMs };
  return { ...profile, facts: { ...profile.facts, [name]: fact } };
}

/** What is known and may still be relied on; undefined for what has to be probed (again). */
export function factOf<Name extends FactName>(
  profile: ServerProfile | undefined,
  name: Name,
  nowMs: number,
): ServerFacts[Name] | undefined {
  const fact = profile?.facts[name];
  const isFresh = fact !== undefined && nowMs - fact.learnedMs <= factAgesMs[name] && fact.learnedMs <= nowMs + dayMs;
  return isFresh ? fact.value : undefined;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const greetingLineMax = 1_024;
const evidenceMax = 512;

/** How long facts hold; what depends on the season or on how busy the server is, shorter. */
const factAgesMs: Readonly<Record<FactName, number>> = {
  product: 30 * dayMs,
  maxTlsVersion: 7 * dayMs,
  passive: 30 * dayMs,
  listing: 30 * dayMs,
  dataResumption: 30 * dayMs,
  zone: 7 * dayMs,
  connectionsMax: hourMs,
  charset: 30 * dayMs,
  publishesWhole: 30 * dayMs,
  timeCommand: 30 * dayMs,
  compression: dayMs,
  hash: 30 * dayMs,
};

const volatileParts: readonly RegExp[] = [
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/g,
  /\[?[0-9a-f]*:[0-9a-f:.]*:[0-9a-f]*\]?/gi,
  /\b\d{1,2}:\d\d(?::\d\d)?\b(?:\s?[ap]m\b)?/gi,
  /\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b/g,
  /\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b,?|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b/gi,
  /\b[a-z]+[-_]?\d+(?=\.[a-z])/gi,
  // Numbers that are part of no version.
  /(?<![\d.])\d+(?![\d.]*\d|\.\w)/g,
];
