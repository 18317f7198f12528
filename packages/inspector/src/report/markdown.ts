import type { Finding } from "./finding.ts";
import { isFailure, type InspectReport, type InspectResult } from "./report.ts";
import { failureSentence, findingTitle, findingGroups, portWords, reasonText } from "./words.ts";

/** Writes reports as Markdown, for an issue or a wiki. */
export function markdownReport(results: readonly InspectResult[]): string {
  return results
    .map((result) =>
      isFailure(result)
        ? `# ${escaped(result.host)}: not inspected\n\n${escaped(failureSentence(result))}\n`
        : inspected(result),
    )
    .join("\n");
}

function inspected(report: InspectReport): string {
  const { host, address, grade, ports, product, startedAt, judgement } = report;
  const server =
    product === null ? "" : `, ${[product.name, product.version].filter((word) => word !== null).join(" ")}`;
  const lines = [
    `# ${escaped(host)}: ${grade.overall}`,
    "",
    `TLS ${grade.tls}, FTP ${grade.policy}; ${escaped(address)}${escaped(server)}; ${startedAt}`,
    "",
    "| Mode | Port | TLS |",
    "| --- | --- | --- |",
    ...(["explicit", "implicit"] as const).map((mode) => {
      const port = ports[mode];
      return `| ${mode} | ${port?.port ?? "off"} | ${port === null ? "" : escaped(portWords(port))} |`;
    }),
    ...(judgement === null || judgement.isMet ? [] : ["", ...judgement.unmet.map((text) => `- ${escaped(text)}`)]),
    ...(grade.reasons.length === 0 ? [] : ["", ...grade.reasons.map((reason) => `- ${escaped(reasonText(reason))}`)]),
    ...findingGroups(report).flatMap(({ title, findings }) => [
      "",
      `## ${title}`,
      "",
      ...findings.flatMap(findingLines),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function findingLines(finding: Finding): readonly string[] {
  const { id, status, evidence, fix, reference } = finding;
  const isFault = status === "fail" || status === "warn";
  const head = `- **${id}** ${escaped(findingTitle(finding))}`;
  if (!isFault) return [head];
  return [
    `${head} (${escaped(reference)})`,
    ...evidence.map((line) => `  - seen: ${escaped(line)}`),
    ...(fix === null ? [] : [`  - fix: ${escaped(fix.text)}`]),
  ];
}

/** What a server said shall not make headings, links, pictures or tables. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#~&!]/g, (sign) =>
    sign === "<" ? "&lt;" : sign === "&" ? "&amp;" : `\\${sign}`,
  );
}
