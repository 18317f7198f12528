import { gradeLetters } from "../checks/check.ts";
import { isFailure, type InspectReport, type InspectResult } from "./report.ts";

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Labels behind that of the host, and their value. */
  samples(report: InspectReport): readonly (readonly [labels: string, value: number])[];
}

/** Writes reports in Prometheus' text format, for the collector of text files; each metric once, for all servers. */
export function prometheusReport(results: readonly InspectResult[]): string {
  const reports = results.flatMap((result) => (isFailure(result) ? [] : [result]));
  const up = results.map((result) => `sallyport_inspect_up{host="${label(result.host)}"} ${isFailure(result) ? 0 : 1}`);
  const lines = metrics.flatMap((metric) => {
    const samples = reports.flatMap((report) => samplesOf(metric, report));
    return samples.length === 0 ? [] : [...headOf(metric), ...samples];
  });
  const head = headOf({ name: "up", help: "Whether the server could be inspected." });
  return [...head, ...up, ...lines, ""].join("\n");
}

const metrics: readonly Metric[] = [
  {
    name: "grade",
    help: "Grade as a number: 0 is A+, each letter behind it one more.",
    samples: ({ grade }) =>
      (["overall", "tls", "policy"] as const).map((scale) => [
        `scale="${scale}",letter="${grade[scale]}"`,
        gradeLetters.indexOf(grade[scale]),
      ]),
  },
  {
    name: "demands_met",
    help: "Whether the server is as it was demanded to be.",
    samples: ({ judgement }) => (judgement === null ? [] : [["", judgement.isMet ? 1 : 0]]),
  },
  {
    name: "findings",
    help: "Findings by their status.",
    samples: ({ findings }) =>
      (["fail", "warn", "ok", "info", "not-tested"] as const).map((status) => [
        `status="${status}"`,
        findings.filter((finding) => finding.status === status).length,
      ]),
  },
  {
    name: "certificate_expiry_seconds",
    help: "End of the certificate's validity, in seconds of Unix time.",
    samples: ({ certificateUntil }) => (certificateUntil === null ? [] : [["", Date.parse(certificateUntil) / 1000]]),
  },
  {
    name: "time_seconds",
    help: "When the inspection began, in seconds of Unix time.",
    samples: ({ startedAt }) => [["", Date.parse(startedAt) / 1000]],
  },
];

function headOf({ name, help }: Pick<Metric, "name" | "help">): readonly string[] {
  return [`# HELP sallyport_inspect_${name} ${help}`, `# TYPE sallyport_inspect_${name} gauge`];
}

function samplesOf({ name, samples }: Metric, report: InspectReport): readonly string[] {
  return samples(report).map(([labels, value]) => {
    const all = [`host="${label(report.host)}"`, labels].filter((text) => text !== "");
    return `sallyport_inspect_${name}{${all.join(",")}} ${value}`;
  });
}

function label(text: string): string {
  return text.replaceAll(/[\\"\n]/g, (sign) => (sign === "\n" ? "\\n" : `\\${sign}`));
}
