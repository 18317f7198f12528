import { paint, wrap } from "../explain/terminal-text.ts";
import { renderFindingGroups, type ReportOptions } from "../report/render-terminal.ts";
import type { ClientReport } from "./client-report.ts";

/** Draws a report as lines: the grade and its reasons, what is to be mended, what is in order, what was not tried. */
export function renderClientReport(report: ClientReport, options: ReportOptions): string[] {
  const { client, grade, connections, tookMs, isPartial } = report;
  const width = Math.max(40, Math.min(options.width, 120));
  const tone = grade.reasons.length === 0 ? "strong" : "problem";
  const letters = `${paint(`grade ${grade.overall}`, tone, options.colour)} (TLS ${grade.tls}, FTP ${grade.policy})`;
  const heading = [
    ...wrap(client, width).map((line) => paint(line, "strong", options.colour)),
    `  ${letters}`,
    ...grade.reasons.flatMap(({ letter, id, text, scale }) =>
      wrap(`  why ${letter.padEnd(3)}${scale === "tls" ? "TLS" : "FTP"}  ${id}  ${text}`, width, { indent: 14 }),
    ),
  ];
  if (options.quiet === true) return heading;
  const partial = isPartial ? " · the client did not come to every trial" : "";
  return [
    ...heading,
    ...renderFindingGroups(report, options),
    "",
    `  ${connections.control} control connections, ${connections.data} data connections · ${(tookMs / 1000).toFixed(1)} s${partial}`,
  ];
}
