import { createHash } from "node:crypto";

/** What can be learned of a server. */
export interface ServerFacts {
  /** The first way to set up passive data connections that has not failed. */
  readonly passive: "EPSV" | "PASV";
  /** MLSD works, and tells the truth. */
  readonly mlsd: boolean;
  /** REST works before RETR. */
  readonly restart: boolean;
  /** What came of data connections that resumed the TLS of their control connection. */
  readonly dataResumption: "accepted" | "refused";
  /** The server ends data connections with close_notify. */
  readonly closeNotify: boolean;
  /** Names of the rules that its clock may run by; see `ServerZone`. */
  readonly zone: readonly string[];
  /** Control connections that it allowed at once, where it refused one more. */
  readonly connectionsMax: number;
  /** The encoding of its names. */
  readonly charset: string;
  /** It keeps the times that it is given by MFMT or MFF. */
  readonly setsTimes: boolean;
  /** Deviations that have names. */
  readonly quirks: readonly string[];
}

export type FactName = keyof ServerFacts;

/** A fact, what showed it, and when. */
export interface LearnedFact<Value> {
  readonly value: Value;
  /** A line of the dialogue, or a measured figure, for people to read. */
  readonly evidence: string;
  readonly learnedMs: number;
}

/** Everything that was learned of a server as long as its greeting is the same. */
export interface ServerProfile {
  /** See {@link greetingFingerprint}. */
  readonly greeting: string;
  readonly facts: { readonly [Name in FactName]?: LearnedFact<ServerFacts[Name]> };
}

/**
 * What identifies the program behind a greeting: a hash of its lines without what differs between two connections to
 * the same server. Clocks, dates, addresses, counters (Pure-FTPd: `You are user number 3 of 50`) and host names of a
 * cluster's machines are left out; version numbers, which have a point in them, stay: a new version is probed anew.
 */
export function greetingFingerprint(lines: readonly string[]): string {
  const lasting = lines.map((line) =>
    volatileParts.reduce((text, part) => text.replaceAll(part, "#"), line.slice(0, greetingLineMax)),
  );
  return createHash("sha256").update(lasting.join("\n")).digest("base64url").slice(0, 22);
}

/** A profile in which nothing is known yet. */
export function newProfile(greeting: string): ServerProfile {
  return { greeting, facts: {} };
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

const dayMs = 86_400_000;
const greetingLineMax = 1_024;
const evidenceMax = 512;

/** How long facts hold; what depends on the season or on how busy the server is, shorter. */
const factAgesMs: Readonly<Record<FactName, number>> = {
  passive: 30 * dayMs,
  mlsd: 30 * dayMs,
  restart: 30 * dayMs,
  dataResumption: 30 * dayMs,
  closeNotify: 30 * dayMs,
  zone: 7 * dayMs,
  connectionsMax: dayMs,
  charset: 30 * dayMs,
  setsTimes: 30 * dayMs,
  quirks: 30 * dayMs,
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
