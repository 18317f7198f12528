import { findingGroups, portWords } from "./words.ts";
import { glyphTables, paint, wrap, type Tone } from "../explain/terminal-text.ts";
import type { FindingStatus } from "../checks/check.ts";
import type { Finding } from "./finding.ts";
import type { InspectReport, PortReport } from "./report.ts";

/** How a report is drawn. */
export interface ReportOptions {
  /** Columns of the terminal; more than 120 are not used. */
  readonly width: number;
  readonly colour: boolean;
  readonly glyphs?: "unicode" | "ascii";
  /** Evidence and reference of every finding, not only of faults. */
  readonly verbose?: boolean;
  /** The heading and the reasons alone. */
  readonly quiet?: boolean;
  /** The command line that inspects this server in this way; default: by its name alone. */
  readonly command?: string;
}

/** Draws a report as lines: what it comes to, what is wrong with its fix, what is in order, and what to run next. */
export function renderReport(report: InspectReport, options: ReportOptions): string[] {
  const heading = [...renderHeading(report, options), ...renderReasons(report, options)];
  if (options.quiet === true) return heading;
  return [...heading, ...renderFindingGroups(report, options), "", ...renderFooter(report, options)];
}

/** Draws the findings alone, in groups, the gravest first; what could not be tested stands last, by its reason. */
export function renderFindingGroups(report: Pick<InspectReport, "findings">, options: ReportOptions): string[] {
  return [
    ...findingGroups(report).flatMap(({ title, findings }) =>
      title === untestedTitle ? [] : ["", paint(title, "strong", options.colour), ...renderFindings(findings, options)],
    ),
    ...renderUntested(report, options),
  ];
}

const tones: Readonly<Record<FindingStatus, Tone>> = {
  fail: "problem",
  warn: "clear",
  ok: "encrypted",
  info: "plain",
  "not-tested": "plain",
};

const untestedTitle = "Not tested";
const widthMax = 120;
const indent = 14;

function renderHeading(
  { host, address, ports, grade, product, only, findings }: InspectReport,
  options: ReportOptions,
): string[] {
  const where = host === address ? host : `${host} (${address})`;
  const trusted = grade.tls === grade.tlsIfTrusted ? "" : `, ${grade.tlsIfTrusted} if it were trusted`;
  const seen = findings.some(isUnseenData) ? " as far as seen without a login" : "";
  const alone = only === null ? "" : `; of ${only.join(",")} alone`;
  const letter = `grade ${grade.overall}`;
  const parts = `(TLS ${grade.tls}${trusted}, FTP ${grade.policy}${seen}${alone})`;
  const tone = grade.reasons.length === 0 ? "strong" : "problem";
  const first = `${paint(where, "strong", options.colour)}   ${paint(letter, tone, options.colour)} ${parts}`;
  const fits = `${where}   ${letter} ${parts}`.length <= widthOf(options);
  const lines = [
    ...(fits ? [first] : [where, `${letter} ${parts}`].flatMap((line) => wrap(line, widthOf(options), { indent: 2 }))),
    ...(["explicit", "implicit"] as const).flatMap((mode) => {
      const port = ports[mode];
      return port === null ? [] : [`  ${mode.padEnd(9)}${`:${port.port}`.padEnd(7)}${portText(port, options)}`];
    }),
  ];
  if (product !== null)
    lines.push(`  server   ${[product.name, product.version].filter((word) => word !== null).join(" ")}`);
  return lines;
}

/** Much of the policy is about data connections, of which a run without a login knows nothing. */
function isUnseenData({ id, status }: Finding): boolean {
  return id === "D4" && status === "not-tested";
}

function portText(port: PortReport, { colour, glyphs }: ReportOptions): string {
  const signs = glyphTables[glyphs ?? "unicode"];
  const words = portWords(port);
  if (port.state === "tls") return paint(`${signs.closed} ${words}`, "encrypted", colour);
  return port.state === "clear" ? paint(`${signs.open} ${words}`, "problem", colour) : words;
}

function renderReasons({ grade, judgement }: InspectReport, options: ReportOptions): string[] {
  const unmet = (judgement?.unmet ?? []).flatMap((text) => hanging("  unmet".padEnd(indent), text, options));
  return [...unmet, ...whyNoBetter(grade, options)];
}

function whyNoBetter(grade: InspectReport["grade"], options: ReportOptions): string[] {
  return grade.reasons.flatMap(({ letter, id, text, scale }) =>
    wrap(`why ${letter.padEnd(3)}${scale === "tls" ? "TLS" : "FTP"}  ${id}  ${text}`, widthOf(options) - 2, {
      indent: 12,
    }).map((line) => `  ${line}`),
  );
}

function renderFindings(findings: readonly Finding[], options: ReportOptions): string[] {
  return findings.flatMap((finding) => renderFinding(finding, options));
}

function renderFinding(finding: Finding, options: ReportOptions): string[] {
  const { id, status, mode, text, evidence, fix, reference } = finding;
  const isFault = status === "fail" || status === "warn";
  const sign = paint(`[${status}]`.padEnd(7), tones[status], options.colour);
  const where = mode === null ? "" : ` (${mode})`;
  const detail = (word: string, said: string) => labelled(word, said, options);
  return [
    ...hanging(` ${sign}${id.padEnd(shortIdCharacters)} `, `${text}${where}`, options),
    ...(isFault || options.verbose === true ? evidence.flatMap((line) => detail("seen", line)) : []),
    ...(fix === null ? [] : fixLines(fix, options)),
    ...(options.verbose === true ? detail("see", reference) : []),
  ];
}

const shortIdCharacters = 5;

function fixLines({ text, products }: NonNullable<Finding["fix"]>, options: ReportOptions): string[] {
  const each = options.verbose === true ? Object.entries(products) : [];
  return [
    ...labelled("fix", text, options),
    ...each.flatMap(([product, setting]) => labelled("", `${product}: ${setting}`, options)),
  ];
}

function labelled(word: string, text: string, options: ReportOptions): string[] {
  return hanging(" ".repeat(indent - 5) + word.padEnd(5), text, options);
}

/** A text behind a head, its further lines below its first. */
function hanging(head: string, text: string, options: ReportOptions): string[] {
  const [first = "", ...rest] = wrap(text, Math.max(20, widthOf(options) - indent));
  return [head + first, ...rest.map((line) => " ".repeat(indent) + line)];
}

/** What could not be tested stands together by its reason. */
function renderUntested({ findings }: Pick<InspectReport, "findings">, options: ReportOptions): string[] {
  const reasons = new Map<string, string[]>();
  for (const { id, status, text } of findings) {
    if (status === "not-tested") reasons.set(text, [...(reasons.get(text) ?? []), id]);
  }
  if (reasons.size === 0) return [];
  return [
    "",
    paint(untestedTitle, "strong", options.colour),
    ...[...reasons].flatMap(([reason, ids]) => hanging(" ", `${[...new Set(ids)].join(" ")}: ${reason}`, options)),
  ];
}

function renderFooter(report: InspectReport, options: ReportOptions): string[] {
  const { connections, tookMs, isPartial, findings, host } = report;
  const { control, controlMax, data } = connections;
  const partial = isPartial ? " · the budget is used up, the report is not whole" : "";
  const counted = `${control} of ${controlMax} control connections, ${data} data connections · ${(tookMs / 1000).toFixed(1)} s${partial}`;
  const faults = [
    ...new Set(findings.filter(({ status }) => status === "fail" || status === "warn").map(({ id }) => id)),
  ];
  const { command = `sallyport inspect ${host}` } = options;
  const again = faults.length === 0 ? [] : againLines(`${command} --only ${faults.join(",")}`, options);
  return [...wrap(counted, widthOf(options), { indent: 2 }), ...again];
}

/** A command to be pasted stays in one piece, however long it is. */
function againLines(command: string, options: ReportOptions): readonly string[] {
  const line = `after mending: ${command}`;
  const unbroken = (text: string) => wrap(text, text.length * 4);
  return line.length <= widthOf(options) ? unbroken(line) : ["after mending:", ...unbroken(command)];
}

function widthOf({ width }: ReportOptions): number {
  return Math.max(40, Math.min(width, widthMax));
}
