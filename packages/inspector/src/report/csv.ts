import { isFailure, type InspectReport, type InspectResult } from "./report.ts";

/** Writes a line for each finding (RFC 4180), for a spreadsheet; none for a server that could not be inspected. */
export function csvReport(results: readonly InspectResult[]): string {
  const head = ["host", "address", "id", "check", "mode", "status", "scale", "cap", "text", "evidence", "fix"];
  const rows = results.flatMap((result) => (isFailure(result) ? [] : rowsOf(result)));
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function rowsOf({ host, address, findings }: InspectReport): readonly (readonly string[])[] {
  return findings.map(({ id, check, mode, status, cap, text, evidence, fix }) => [
    ...[host, address, id, check, mode ?? "", status, cap?.scale ?? "", cap?.letter ?? ""],
    ...[text, evidence.join("\n"), fix?.text ?? ""],
  ]);
}

/** Quotes a field; what a spreadsheet would take for a formula gets an apostrophe in front. */
function field(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
