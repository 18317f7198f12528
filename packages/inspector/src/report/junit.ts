import { markup } from "./markup.ts";
import type { Finding, InspectReport } from "./report.ts";
import { findingTitle } from "./words.ts";

/** Writes a report as JUnit XML: a test for each finding, failed where it is, skipped where it was not tested. */
export function junitReport({ host, findings, tookMs, startedAt }: InspectReport): string {
  const failed = findings.filter(({ status }) => status === "fail").length;
  const skipped = findings.filter(({ status }) => status === "not-tested").length;
  const suite = [
    ...[`name="${markup(host)}"`, `tests="${findings.length}"`, `failures="${failed}"`, `skipped="${skipped}"`],
    ...[`time="${(tookMs / 1000).toFixed(3)}"`, `timestamp="${startedAt}"`],
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites><testsuite ${suite.join(" ")}>`,
    ...findings.map(testCase),
    "</testsuite></testsuites>",
    "",
  ].join("\n");
}

function testCase(finding: Finding): string {
  const { id, status, title, text, evidence, fix, mode } = finding;
  const name = `${id} ${title}${mode === null ? "" : ` (${mode})`}`;
  const head = `<testcase classname="sallyport.inspect.${markup(id)}" name="${markup(name)}"`;
  if (status === "not-tested") return `${head}><skipped message="${markup(text)}"/></testcase>`;
  const told = [...evidence, ...(fix === null ? [] : [`fix: ${fix.text}`])].join("\n");
  if (status === "fail") {
    return `${head}><failure message="${markup(findingTitle(finding))}">${markup(told)}</failure></testcase>`;
  }
  return `${head}><system-out>${markup(`[${status}] ${text}\n${told}`)}</system-out></testcase>`;
}
