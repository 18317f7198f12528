import type { GradeLetter } from "../checks/check.ts";
import { gradeFrom, isAtLeast } from "../grade/grade.ts";
import type { Finding } from "./finding.ts";
import type { InspectReport, Judgement } from "./report.ts";

/** What a server has to be like to be good enough. */
export interface Demands {
  /** Least grade of the whole. */
  readonly minGrade?: GradeLetter;
  /** Least grade of TLS. */
  readonly minTls?: GradeLetter;
  /** Least grade of what FTP is allowed. */
  readonly minPolicy?: GradeLetter;
  /** Checks that must be in order, by ID or by the letter of a family; one of which nothing could be made is not. */
  readonly require?: readonly string[];
  /** Checks whose faults are known and borne: they count neither for the grades nor for `require`. */
  readonly accept?: readonly string[];
  /** Least days that every certificate has to hold. */
  readonly minCertificateDays?: number;
}

/** Whether a name, an ID or the letter of a family, means a check. */
export function namesCheck(name: string, id: string): boolean {
  return id === name || (name.length === 1 && id.startsWith(name));
}

/** Holds what was found against what is demanded. */
export function judge(report: Omit<InspectReport, "judgement">, demands: Demands): Judgement {
  const { minGrade, minTls, minPolicy, minCertificateDays, accept = [] } = demands;
  const isAccepted = (id: string) => accept.some((name) => namesCheck(name, id));
  const counted = report.findings.filter(({ id }) => !isAccepted(id));
  const grade = accept.length === 0 ? report.grade : gradeFrom(counted, report.grade.score);
  const less = (what: string, letter: GradeLetter, least: GradeLetter | undefined) =>
    least === undefined || isAtLeast(letter, least) ? [] : [`${what} is ${letter}, and should be ${least} or better`];
  const unmet = [
    ...less("the grade", grade.overall, minGrade),
    ...less("the grade of TLS", grade.tls, minTls),
    ...less("the grade of FTP", grade.policy, minPolicy),
    ...(demands.require ?? []).flatMap((name) => (isAccepted(name) ? [] : unmetRequirement(name, counted))),
    ...(minCertificateDays === undefined ? [] : unmetDays(report, minCertificateDays)),
  ];
  return { isMet: unmet.length === 0, unmet };
}

function unmetRequirement(name: string, findings: readonly Finding[]): readonly string[] {
  const own = findings.filter(({ id }) => namesCheck(name, id));
  const faults = own.filter(({ status }) => status === "fail" || status === "warn");
  if (faults.length > 0) return faults.map(({ id, text }) => `${id} is required, and is not in order: ${text}`);
  // Some checks of an ID take more than others: --deep, --write. What could not be made at all proves nothing.
  const isTested = own.some(({ status }) => status !== "not-tested");
  return isTested ? [] : [`${name} is required, and could not be tested: ${own[0]?.text ?? "it was not asked for"}`];
}

const dayMs = 86_400_000;

function unmetDays({ certificateUntil, startedAt }: Omit<InspectReport, "judgement">, least: number): string[] {
  if (certificateUntil === null) return ["no certificate was seen whose days could be counted"];
  const days = Math.floor((Date.parse(certificateUntil) - Date.parse(startedAt)) / dayMs);
  return days >= least ? [] : [`the certificate holds for ${days} days, and should for ${least} or more`];
}
