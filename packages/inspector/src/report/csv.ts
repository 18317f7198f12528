import type { InspectReport } from "./report.ts";

/** Writes a line for each finding (RFC 4180), for a spreadsheet. */
export function csvReport({ host, address, findings }: InspectReport): string {
  const head = ["host", "address", "id", "check", "mode", "status", "scale", "cap", "text", "evidence", "fix"];
  const rows = findings.map(({ id, check, mode, status, cap, text, evidence, fix }) => [
    ...[host, address, id, check, mode ?? "", status, cap?.scale ?? "", cap?.letter ?? ""],
    ...[text, evidence.join("\n"), fix?.text ?? ""],
  ]);
  return [head, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

/** Quotes a field; what a spreadsheet would take for a formula gets an apostrophe in front. */
function field(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
