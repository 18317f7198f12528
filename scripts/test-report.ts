import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const reportFile = fileURLToPath(new URL("../docs/reference/test-report.md", import.meta.url));
const fileLine =
  /^[✔✖] (?<file>\S+\.test\.ts) \((?<passed>\d+) of (?<total>\d+) passed(?:, (?<skipped>\d+) skipped)?, (?<seconds>[\d.]+) s\)/;

interface FolderTotals {
  files: number;
  passed: number;
  total: number;
  skipped: number;
  seconds: number;
}

/** Writes what a run of the full tier came to, by folder, from the lines that it printed. */
export function writeTestReport(output: string, passed: boolean): void {
  const lines = stripVTControlCharacters(output).split("\n");
  const folders = new Map<string, FolderTotals>();
  for (const line of lines) {
    const found = fileLine.exec(line)?.groups;
    if (found !== undefined) add(folders, found);
  }
  const rows = [...folders].map(
    ([folder, { files, passed: good, total, skipped, seconds }]) =>
      `| ${folder} | ${files} | ${total} | ${good} | ${skipped} | ${seconds.toFixed(0)} |`,
  );
  const skips = lines.filter((line) => line.startsWith("skipped ")).map((line) => `- ${line}`);
  const totals = lines.filter((line) => /^ℹ (?:tests|pass|fail|skipped|duration_ms) /.test(line));
  writeFileSync(reportFile, reportText({ rows, skips, totals: totals.map((line) => line.slice(2)), passed }));
}

function add(folders: Map<string, FolderTotals>, found: Record<string, string>): void {
  const { file = "", passed = "0", total = "0", skipped = "0", seconds = "0" } = found;
  const folder = file
    .split("/")
    .slice(0, file.startsWith("packages/") ? 3 : 2)
    .join("/");
  const totals = folders.get(folder) ?? { files: 0, passed: 0, total: 0, skipped: 0, seconds: 0 };
  totals.files += 1;
  totals.passed += Number(passed);
  totals.total += Number(total);
  totals.skipped += Number(skipped);
  totals.seconds += Number(seconds);
  folders.set(folder, totals);
}

interface ReportParts {
  readonly rows: readonly string[];
  readonly skips: readonly string[];
  readonly totals: readonly string[];
  readonly passed: boolean;
}

function reportText({ rows, skips, totals, passed }: ReportParts): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  return `# Report of the full tier

Written by \`npm run test:full\`: every test of the normal tier, and the repetitions, sizes and matrices beside it.

- Result: ${passed ? "passed" : "**failed**"}
- Commit: ${commit}
- Date: ${new Date().toISOString().slice(0, 10)}
- Machine: ${process.platform} ${process.arch}, ${cpus().length} cores, Node ${process.versions.node}, OpenSSL ${process.versions.openssl}
- Totals: ${totals.join(", ")}

| Folder | Files | Tests | Passed | Skipped | Seconds |
|---|---|---|---|---|---|
${rows.join("\n")}

Skipped, with the reason:

${skips.length === 0 ? "nothing" : skips.join("\n")}
`;
}
