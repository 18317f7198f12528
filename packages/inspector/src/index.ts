export * from "./explain/index.ts";
export * from "./model/index.ts";
export { Capture, type CapturedConnection } from "./capture/capture.ts";
export type { Endpoint } from "./capture/tcp-packets.ts";
export { gradeLetters, type CheckSet, type FindingStatus, type GradeCap, type GradeLetter } from "./checks/check.ts";
export { isAtLeast, type Grade, type GradeReason } from "./grade/grade.ts";
export type { TlsScore } from "./grade/tls-score.ts";
export { explainCheck, type CheckExplanation } from "./guide/explain-check.ts";
export { renderCheckExplanation } from "./guide/render-explanation.ts";
export { checkIds, inspect, type InspectOptions } from "./inspect.ts";
export { changesOf, type Change } from "./report/changes.ts";
export { namesCheck, type Demands } from "./report/demands.ts";
export type { Finding, Fix } from "./report/finding.ts";
export {
  isFailure,
  type InspectFailure,
  type InspectReport,
  type InspectResult,
  type Judgement,
  type PortReport,
} from "./report/report.ts";
export { failureSentence } from "./report/words.ts";
export { renderReport, type ReportOptions } from "./report/render-terminal.ts";
export { reportFormatNames, reportFormats, type ReportFormat } from "./report/formats.ts";
export * from "./client-trials/index.ts";
