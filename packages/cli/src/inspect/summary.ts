import { isFailure, type InspectReport, type InspectResult } from "@sallyport/inspector";
import { tableLines, type Cell, type Column, type Drawing } from "../terminal/table.ts";
import { visibleText } from "../terminal/visible-text.ts";

const columns: readonly Column[] = [
  { heading: "Grade" },
  { heading: "TLS" },
  { heading: "FTP" },
  { heading: "Server", flexibleMin: 16 },
  { heading: "Explicit" },
  { heading: "Implicit" },
  { heading: "To mend", flexibleMin: 8 },
];

/** Several servers in a line each, and how many of them are as they have to be. */
export function summaryLines(
  results: readonly (readonly [name: string, result: InspectResult])[],
  drawing: Drawing,
): readonly string[] {
  const rows = results.map(([name, result]) => rowOf(visibleText(name), result));
  const reports = results.flatMap(([, result]) => (isFailure(result) ? [] : [result]));
  const met = reports.filter(({ judgement }) => judgement?.isMet !== false).length;
  const failed = results.length - reports.length;
  const counts = [
    `${results.length} servers`,
    `${met} as demanded`,
    `${reports.length - met} not`,
    ...(failed === 0 ? [] : [`${failed} not inspected`]),
  ];
  return [...tableLines(columns, rows, drawing), "", counts.join(" · ")];
}

function rowOf(name: string, result: InspectResult): readonly Cell[] {
  if (isFailure(result)) {
    return [cell("-"), cell("-"), cell("-"), cell(name), { text: failureWords[result.kind], tone: "problem" }];
  }
  const { grade, judgement } = result;
  const tone = judgement?.isMet === false ? "problem" : "strong";
  return [
    { text: grade.overall, tone },
    cell(grade.tls),
    cell(grade.policy),
    cell(name),
    portCell(result, "explicit"),
    portCell(result, "implicit"),
    cell(faultIds(result).join(" ")),
  ];
}

const failureWords = {
  "name-unknown": "no such name",
  forbidden: "not permitted",
  unreachable: "no answer",
  "not-ftp": "not FTP",
} as const;

function cell(text: string): Cell {
  return { text };
}

function portCell({ ports }: InspectReport, mode: "explicit" | "implicit"): Cell {
  const port = ports[mode];
  if (port === null) return { text: "off" };
  if (port.state === "tls") return { text: (port.protocol ?? "TLS").replace("TLSv", "TLS "), tone: "encrypted" };
  if (port.state === "clear") return { text: "in clear", tone: "clear" };
  return { text: port.state === "closed" ? "none" : "not FTP" };
}

function faultIds({ findings }: InspectReport): readonly string[] {
  return [...new Set(findings.flatMap(({ id, status }) => (status === "fail" || status === "warn" ? [id] : [])))];
}
