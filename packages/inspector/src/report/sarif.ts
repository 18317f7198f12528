import { checks } from "../checks/table.ts";
import type { Finding } from "./finding.ts";
import { isFailure, type InspectReport, type InspectResult } from "./report.ts";
import { failureSentence, findingTitle } from "./words.ts";

const levels = { fail: "error", warn: "warning", info: "note", ok: "none", "not-tested": "none" } as const;

/** Writes reports as SARIF 2.1.0 (OASIS): a run for each server, with a result for each finding. */
export function sarifReport(results: readonly InspectResult[]): string {
  const rules = checks.map(({ id, name, title, reference }) => ({
    id: `${id}/${name}`,
    shortDescription: { text: title },
    help: { text: reference },
  }));
  const tool = { driver: { name: "sallyport inspect", rules } };
  const runs = results.map((result) => {
    if (!isFailure(result)) return { tool, results: result.findings.map((finding) => resultOf(finding, result)) };
    const notification = { level: "error", message: { text: withoutLinks(failureSentence(result)) } };
    const invocation = { executionSuccessful: false, toolExecutionNotifications: [notification] };
    return { tool, invocations: [invocation], results: [] };
  });
  const document = { $schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function resultOf(finding: Finding, { host, ports }: InspectReport) {
  const { id, check, status, evidence, fix, mode } = finding;
  const port = ports[mode ?? "explicit"]?.port ?? 21;
  const scheme = mode === "implicit" ? "ftps" : "ftpes";
  const authority = host.includes(":") ? `[${host}]` : host;
  return {
    ruleId: `${id}/${check}`,
    level: levels[status],
    kind: { fail: "fail", warn: "review", info: "informational", ok: "pass", "not-tested": "notApplicable" }[status],
    message: {
      text: withoutLinks(
        [findingTitle(finding), ...evidence, ...(fix === null ? [] : [`fix: ${fix.text}`])].join("\n"),
      ),
    },
    locations: [{ physicalLocation: { artifactLocation: { uri: `${scheme}://${authority}:${port}/` } } }],
  };
}

/** Escapes what SARIF reads as a link, `[text](target)` (§3.11.6): servers may write anything. */
function withoutLinks(text: string): string {
  return text.replaceAll(/[[\]]/g, "\\$&");
}
