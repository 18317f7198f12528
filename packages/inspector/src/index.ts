export * from "./explain/index.ts";
export * from "./model/index.ts";
export { gradeLetters, type CheckSet, type FindingStatus, type GradeCap, type GradeLetter } from "./checks/check.ts";
export { isAtLeast, type Grade, type GradeReason } from "./grade/grade.ts";
export type { TlsScore } from "./grade/tls-score.ts";
export { checkIds, inspect, namesCheck, type InspectFailure, type InspectOptions } from "./inspect.ts";
export type { Finding, Fix, InspectReport, PortReport } from "./report/report.ts";
export { renderReport, type ReportOptions } from "./report/render-terminal.ts";
