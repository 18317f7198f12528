import { gradeLetters, type GradeLetter } from "../checks/check.ts";
import type { Facts } from "../probes/gather.ts";
import type { Finding } from "../report/finding.ts";
import { scoreTls, type TlsScore } from "./tls-score.ts";

/** A grade in two parts, of which the lower is the whole: how good the TLS is, and what FTP is allowed without it. */
export interface Grade {
  readonly overall: GradeLetter;
  readonly tls: GradeLetter;
  readonly policy: GradeLetter;
  /** The letter of TLS if the certificate were trusted and for this host. */
  readonly tlsIfTrusted: GradeLetter;
  /** Points of TLS, 0 to 100; null where no handshake was seen. */
  readonly score: TlsScore | null;
  /** Why a part is no better: each finding that caps it, the gravest first. */
  readonly reasons: readonly GradeReason[];
}

export interface GradeReason {
  readonly scale: "tls" | "policy";
  readonly letter: GradeLetter;
  readonly id: string;
  readonly text: string;
}

/** Grades what was found: points for TLS as SSL Labs counts them, and no better than the worst cap of each scale. */
export function gradeOf(findings: readonly Finding[], facts: Facts): Grade {
  return gradeFrom(findings, scoreTls(facts) ?? null);
}

/** Grades by the points that TLS has already; null where no handshake was seen. */
export function gradeFrom(findings: readonly Finding[], score: TlsScore | null): Grade {
  const reasons = reasonsOf(findings);
  const earned = score === null ? "F" : letterOf(score.total);
  const tlsCaps = reasons.filter(({ scale }) => scale === "tls").map(({ letter }) => letter);
  const tlsOfCaps = worst([earned, ...tlsCaps]);
  const tlsIfTrusted = worst([earned, ...tlsCaps.filter((letter) => letter !== "T" && letter !== "M")]);
  const policyOfCaps = worst(["A", ...reasons.filter(({ scale }) => scale === "policy").map(({ letter }) => letter)]);
  const isExemplary = tlsOfCaps === "A" && policyOfCaps === "A" && reasons.length === 0 && hasAll(findings, exemplary);
  const [tls, policy] = isExemplary ? (["A+", "A+"] as const) : [tlsOfCaps, policyOfCaps];
  return { overall: worst([tls, policy]), tls, policy, tlsIfTrusted, score, reasons };
}

/**
 * What makes an A an A+, each found in order: a login in clear refused, data bound to its login, ALPN that tells protocols
 * apart, a post-quantum group, and a certificate that the name system vouches for as well.
 */
const exemplary: readonly (readonly [id: string, check: string])[] = [
  ["P1", "clear-login"],
  ["P3", "clear-data"],
  ["D4", "resumption"],
  ["D5", "resumption-binding"],
  ["T3", "groups"],
  ["T9", "alpn"],
  ["X1", "tlsa"],
];

function hasAll(findings: readonly Finding[], wanted: readonly (readonly [id: string, check: string])[]): boolean {
  return wanted.every(([id, check]) => {
    const own = findings.filter((finding) => finding.id === id && finding.check === check);
    return own.length > 0 && own.every(({ status }) => status === "ok");
  });
}

/** Whether a letter is at least as good as another. */
export function isAtLeast(letter: GradeLetter, least: GradeLetter): boolean {
  return gradeLetters.indexOf(letter) <= gradeLetters.indexOf(least);
}

/** What caps a grade, the gravest first. */
export function reasonsOf(findings: readonly Finding[]): readonly GradeReason[] {
  return findings
    .flatMap(({ id, text, cap }) => (cap === null ? [] : [{ ...cap, id, text }]))
    .toSorted((one, other) => gradeLetters.indexOf(other.letter) - gradeLetters.indexOf(one.letter));
}

/** The worst of some letters. */
export function worst(letters: readonly GradeLetter[]): GradeLetter {
  return letters.reduce((one, other) => (isAtLeast(one, other) ? other : one));
}

/** Letters by points (SSL Server Rating Guide 2009r). */
const thresholds: readonly (readonly [points: number, letter: GradeLetter])[] = [
  [80, "A"],
  [65, "B"],
  [50, "C"],
  [35, "D"],
  [20, "E"],
];

function letterOf(points: number): GradeLetter {
  return thresholds.find(([least]) => points >= least)?.[1] ?? "F";
}
