import { csvReport } from "./csv.ts";
import { htmlReport } from "./html.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";
import { prometheusReport } from "./prometheus.ts";
import { isFailure, type InspectResult } from "./report.ts";
import { sarifReport } from "./sarif.ts";

/** Every form of reports but that of the terminal; each takes whole reports and is complete in itself. */
export const reportFormats = {
  json: jsonReport,
  markdown: markdownReport,
  html: htmlReport,
  csv: csvReport,
  junit: junitReport,
  sarif: sarifReport,
  prometheus: prometheusReport,
} as const satisfies Readonly<Record<string, (results: readonly InspectResult[]) => string>>;

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

/** One server's report as it is; those of several as a list. What could not be inspected is an object with `failure`. */
function jsonReport(results: readonly InspectResult[]): string {
  const told = results.map((result) => (isFailure(result) ? { failure: result } : result));
  return `${JSON.stringify(told.length === 1 ? told[0] : told, undefined, 2)}\n`;
}
