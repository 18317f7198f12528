import { markup } from "./markup.ts";
import type { Finding } from "./finding.ts";
import { isFailure, type InspectFailure, type InspectReport, type InspectResult } from "./report.ts";
import { failureSentence, findingTitle, findingGroups, portWords, reasonText, type FindingGroup } from "./words.ts";

/**
 * Writes reports as one HTML file that needs nothing beside it: no script, no picture, no font, light and dark by what
 * the reader prefers. Everything a server said stands in it as text.
 */
export function htmlReport(results: readonly InspectResult[]): string {
  const title = results.map(
    (result) => `${result.host}: ${isFailure(result) ? "not inspected" : result.grade.overall}`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${markup(title.join(", "))}</title>
<style>${style}</style>
</head>
<body>
<main>
${results.map((result) => (isFailure(result) ? failed(result) : inspected(result))).join("\n")}
</main>
</body>
</html>
`;
}

function failed(failure: InspectFailure): string {
  return `<article>
<h1>${markup(failure.host)}</h1>
<p>${markup(failureSentence(failure))}</p>
</article>`;
}

function inspected(report: InspectReport): string {
  const { host, address, grade, product, startedAt, connections, tookMs } = report;
  const server =
    product === null ? "" : ` · ${[product.name, product.version].filter((word) => word !== null).join(" ")}`;
  const counted = `${connections.control} of ${connections.controlMax} control connections, ${connections.data} data connections, ${(tookMs / 1000).toFixed(1)} s`;
  return `<article>
<header>
<p class="letter ${tone(report)}" aria-label="grade ${grade.overall}">${grade.overall}</p>
<div>
<h1>${markup(host)}</h1>
<p>TLS <strong>${grade.tls}</strong>${trusted(report)} · FTP <strong>${grade.policy}</strong></p>
<p class="quiet">${markup(`${address}${server} · ${startedAt}`)}</p>
</div>
</header>
<table>
<caption>The two modes</caption>
<tbody>${(["explicit", "implicit"] as const).map((mode) => portRow(report, mode)).join("")}</tbody>
</table>
${unmet(report)}${reasons(report)}
${findingGroups(report).map(group).join("")}
<footer class="quiet">${markup(counted)} · sallyport inspect</footer>
</article>`;
}

function tone({ grade }: InspectReport): "sound" | "faulty" {
  return grade.overall.startsWith("A") ? "sound" : "faulty";
}

function trusted({ grade }: InspectReport): string {
  return grade.tls === grade.tlsIfTrusted ? "" : ` (${grade.tlsIfTrusted} if it were trusted)`;
}

function portRow({ ports }: InspectReport, mode: "explicit" | "implicit"): string {
  const port = ports[mode];
  if (port === null) return `<tr><th scope="row">${mode}</th><td></td><td>left out</td></tr>`;
  const state = port.state === "tls" ? "encrypted" : "open";
  return `<tr><th scope="row">${mode}</th><td class="number">${port.port}</td><td class="${state}">${markup(portWords(port))}</td></tr>`;
}

function unmet({ judgement }: InspectReport): string {
  if (judgement === null || judgement.isMet) return "";
  return `<section><h2>Not as demanded</h2><ul>${judgement.unmet.map((text) => `<li>${markup(text)}</li>`).join("")}</ul></section>`;
}

function reasons({ grade }: InspectReport): string {
  if (grade.reasons.length === 0) return "";
  const items = grade.reasons.map((reason) => `<li>${markup(reasonText(reason))}</li>`);
  return `<section><h2>Why no better</h2><ul>${items.join("")}</ul></section>`;
}

function group({ title, findings }: FindingGroup): string {
  return `<section><h2>${title}</h2>${findings.map(item).join("")}</section>`;
}

function item(finding: Finding): string {
  const { id, status, evidence, fix, reference } = finding;
  const isFault = status === "fail" || status === "warn";
  const head = `<span class="status ${status}">${status}</span> <span class="id">${id}</span> ${markup(findingTitle(finding))}`;
  const seen = evidence.length === 0 ? "" : `<pre>${markup(evidence.join("\n"))}</pre>`;
  const mend = fix === null ? "" : `<p><strong>Fix</strong> ${markup(fix.text)}</p>${otherFixes(fix.products)}`;
  return `<details${isFault ? " open" : ""}><summary>${head}</summary>${seen}${mend}<p class="quiet">${markup(reference)}</p></details>`;
}

function otherFixes(products: Readonly<Record<string, string>>): string {
  const rows = Object.entries(products).map(([product, text]) => `<dt>${markup(product)}</dt><dd>${markup(text)}</dd>`);
  return rows.length === 0 ? "" : `<dl>${rows.join("")}</dl>`;
}

/** Amber for what anyone can read, teal for what is encrypted; both meet 4.5:1 on their ground in light and dark. */
const style = `
:root{color-scheme:light dark;--ground:#fbfaf8;--ink:#1d2327;--quiet:#5b656d;--line:#dcd9d2;--teal:#0b6b6b;--amber:#8a5200;--red:#a3261c}
@media (prefers-color-scheme:dark){:root{--ground:#14181b;--ink:#e8e6e1;--quiet:#a3adb5;--line:#2f373d;--teal:#5fc9c4;--amber:#e6a94c;--red:#ff9286}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:56rem;margin:0 auto;padding:32px 16px}
header{display:flex;gap:24px;align-items:center;flex-wrap:wrap}
h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.125rem;margin:32px 0 8px}p{margin:4px 0}
.letter{font-size:3.5rem;line-height:1;font-weight:700;margin:0;min-width:5rem;padding:16px;text-align:center;border:3px solid currentColor;border-radius:8px}
.sound,.encrypted,.ok{color:var(--teal)}.faulty,.open,.warn{color:var(--amber)}.fail{color:var(--red)}
.quiet{color:var(--quiet);font-size:.875rem}
table{border-collapse:collapse;width:100%;margin-top:24px}caption{text-align:left;font-weight:600}
th,td{text-align:left;padding:8px;border-bottom:1px solid var(--line)}td:last-child{overflow-wrap:anywhere}.number{font-variant-numeric:tabular-nums}
details{border-bottom:1px solid var(--line);padding:8px 0}summary{cursor:pointer;padding-left:1.25rem;text-indent:-1.25rem}.status,.id{text-indent:0}
summary:focus-visible{outline:2px solid var(--teal);outline-offset:2px}
.status{display:inline-block;min-width:5.5rem;font-weight:600}.id{display:inline-block;min-width:2.5rem;font-variant-numeric:tabular-nums}
pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0;padding:8px;border-left:3px solid var(--line);font-size:.875rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:8px 0}dd{margin:0}
footer{margin-top:32px}article+article{margin-top:64px;border-top:3px solid var(--line);padding-top:32px}
`;
