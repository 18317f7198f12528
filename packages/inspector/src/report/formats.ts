import { csvReport } from "./csv.ts";
import { htmlReport } from "./html.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";
import { prometheusReport } from "./prometheus.ts";
import type { InspectReport } from "./report.ts";
import { sarifReport } from "./sarif.ts";

/** Every form of a report but that of the terminal; each takes the whole report and is complete in itself. */
export const reportFormats = {
  json: (report: InspectReport) => `${JSON.stringify(report, undefined, 2)}\n`,
  markdown: markdownReport,
  html: htmlReport,
  csv: csvReport,
  junit: junitReport,
  sarif: sarifReport,
  prometheus: prometheusReport,
} as const satisfies Readonly<Record<string, (report: InspectReport) => string>>;

export type ReportFormat = keyof typeof reportFormats;

/** Their names, in the order of the help. */
export const reportFormatNames: readonly ReportFormat[] = [
  "json",
  "markdown",
  "html",
  "csv",
  "junit",
  "sarif",
  "prometheus",
];
