import { gradeLetters } from "../checks/check.ts";
import type { InspectReport } from "./report.ts";

/** Writes a report in Prometheus' text format, for the collector of text files: the grade as a number, 0 the best. */
export function prometheusReport(report: InspectReport): string {
  const { host, grade, findings, startedAt, certificateUntil } = report;
  const labels = `host="${label(host)}"`;
  const counts = (["fail", "warn", "ok", "info", "not-tested"] as const).map(
    (status) =>
      `sallyport_inspect_findings{${labels},status="${status}"} ${findings.filter((finding) => finding.status === status).length}`,
  );
  const letters = (["overall", "tls", "policy"] as const).map(
    (scale) =>
      `sallyport_inspect_grade{${labels},scale="${scale}",letter="${grade[scale]}"} ${gradeLetters.indexOf(grade[scale])}`,
  );
  const until =
    certificateUntil === null
      ? []
      : [
          "# HELP sallyport_inspect_certificate_expiry_seconds End of the certificate's validity, in seconds of Unix time.",
          "# TYPE sallyport_inspect_certificate_expiry_seconds gauge",
          `sallyport_inspect_certificate_expiry_seconds{${labels}} ${Date.parse(certificateUntil) / 1000}`,
        ];
  return [
    "# HELP sallyport_inspect_grade Grade as a number: 0 is A+, each letter behind it one more.",
    "# TYPE sallyport_inspect_grade gauge",
    ...letters,
    "# HELP sallyport_inspect_findings Findings by their status.",
    "# TYPE sallyport_inspect_findings gauge",
    ...counts,
    ...until,
    "# HELP sallyport_inspect_time_seconds When the inspection began, in seconds of Unix time.",
    "# TYPE sallyport_inspect_time_seconds gauge",
    `sallyport_inspect_time_seconds{${labels}} ${Date.parse(startedAt) / 1000}`,
    "",
  ].join("\n");
}

function label(text: string): string {
  return text.replaceAll(/[\\"\n]/g, (sign) => (sign === "\n" ? "\\n" : `\\${sign}`));
}
