import { markup } from "./markup.ts";
import type { Finding } from "./finding.ts";
import { isFailure, type InspectFailure, type InspectReport, type InspectResult } from "./report.ts";
import { failureSentence, findingTitle } from "./words.ts";

/** Writes reports as JUnit XML: a test for each finding, failed where it is, skipped where it was not tested. */
export function junitReport(results: readonly InspectResult[]): string {
  const suites = results.flatMap((result) => (isFailure(result) ? failedSuite(result) : suiteOf(result)));
  return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suites, "</testsuites>", ""].join("\n");
}

function failedSuite(failure: InspectFailure): readonly string[] {
  const host = markup(failure.host);
  const said = markup(failureSentence(failure));
  return [
    `<testsuite name="${host}" tests="1" failures="0" errors="1" skipped="0">`,
    `<testcase classname="sallyport.inspect" name="${host}"><error message="${said}"/></testcase>`,
    "</testsuite>",
  ];
}

function suiteOf({ host, findings, tookMs, startedAt }: InspectReport): readonly string[] {
  const failed = findings.filter(({ status }) => status === "fail").length;
  const skipped = findings.filter(({ status }) => status === "not-tested").length;
  const suite = [
    ...[`name="${markup(host)}"`, `tests="${findings.length}"`, `failures="${failed}"`, `skipped="${skipped}"`],
    ...[`time="${(tookMs / 1000).toFixed(3)}"`, `timestamp="${startedAt}"`],
  ];
  return [`<testsuite ${suite.join(" ")}>`, ...findings.map(testCase), "</testsuite>"];
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
