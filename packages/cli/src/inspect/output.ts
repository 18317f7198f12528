import { rename, rm, writeFile } from "node:fs/promises";
import {
  changesOf,
  failureSentence,
  isFailure,
  renderReport,
  reportFormats,
  type Change,
  type Finding,
  type InspectResult,
} from "@sallyport/inspector";
import { ConfigError } from "@sallyport/protocol";
import { sameInspection } from "../inspect-flags.ts";
import type { Drawing } from "../terminal/table.ts";
import type { InspectFlags } from "./flags.ts";
import { summaryLines } from "./summary.ts";
import { nameOf, type InspectTarget } from "./targets.ts";

/** Where the results of a round go; a round is one inspection of every target. */
export interface InspectOutput {
  begun(target: InspectTarget): void;
  found(target: InspectTarget, finding: Finding): void;
  /** In the order of the targets. `before` is what came of it in the round before. */
  done(target: InspectTarget, result: InspectResult, before: InspectResult | undefined): void;
  ended(results: readonly (readonly [InspectTarget, InspectResult])[]): Promise<void>;
}

export interface OutputOptions {
  readonly flags: InspectFlags;
  readonly drawing: Drawing;
  readonly isOfSeveral: boolean;
  write(lines: readonly string[]): void;
  /** Sentences about what went wrong. */
  complain(line: string): void;
}

/** The form that the command line asks for. */
export function outputOf(options: OutputOptions): InspectOutput {
  const { flags } = options;
  if (flags.jsonl === true) return new LineOutput(options);
  const format = flags.format ?? (flags.json === true ? "json" : undefined);
  return format === undefined ? new TerminalOutput(options) : new DocumentOutput(options, reportFormats[format]);
}

/** One line of JSON for everything that happens, in the order in which it does. */
class LineOutput implements InspectOutput {
  readonly #options: OutputOptions;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  begun(target: InspectTarget): void {
    this.#line("target", target, { at: new Date().toISOString() });
  }

  found(target: InspectTarget, finding: Finding): void {
    this.#line("finding", target, finding);
  }

  done(target: InspectTarget, result: InspectResult, before: InspectResult | undefined): void {
    const changes = before === undefined ? [] : changesOf(before, result);
    for (const change of changes) this.#line("change", target, change);
    if (isFailure(result)) return this.#line("failure", target, { failure: result });
    const { findings, ...rest } = result;
    this.#line("report", target, { ...rest, findingsCount: findings.length });
  }

  async ended(): Promise<void> {}

  #line(event: string, target: InspectTarget, told: object): void {
    this.#options.write([JSON.stringify({ event, target: nameOf(target), ...told })]);
  }
}

/** One document for all targets, at the end of each round. */
class DocumentOutput implements InspectOutput {
  readonly #options: OutputOptions;
  readonly #format: (results: readonly InspectResult[]) => string;

  constructor(options: OutputOptions, format: (results: readonly InspectResult[]) => string) {
    this.#options = options;
    this.#format = format;
  }

  begun(): void {}

  found(): void {}

  done(_: InspectTarget, result: InspectResult): void {
    if (isFailure(result)) this.#options.complain(failureSentence(result));
  }

  async ended(results: readonly (readonly [InspectTarget, InspectResult])[]): Promise<void> {
    const text = this.#format(results.map(([, result]) => result));
    const { output } = this.#options.flags;
    if (output === undefined) this.#options.write([text.replace(/\n$/, "")]);
    else await replaceFile(output, text);
  }
}

/** For people: each report as it comes, then a table where there are several; from the second round on what changed. */
class TerminalOutput implements InspectOutput {
  readonly #options: OutputOptions;
  #isFirstRound = true;
  #hasDrawn = false;

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  begun(): void {}

  found(): void {}

  done(target: InspectTarget, result: InspectResult, before: InspectResult | undefined): void {
    if (before !== undefined) return this.#changes(target, changesOf(before, result));
    if (isFailure(result)) return this.#options.complain(failureSentence(result));
    const { flags, drawing, write } = this.#options;
    const shown = { verbose: flags.verbose === true, quiet: flags.quiet === true };
    if (this.#hasDrawn) write([""]);
    this.#hasDrawn = true;
    const { implicitPort = flags.implicitPort } = target;
    const command = sameInspection(target, { ...flags, implicitPort });
    write(renderReport(result, { ...drawing, ...shown, command }));
  }

  async ended(results: readonly (readonly [InspectTarget, InspectResult])[]): Promise<void> {
    const { drawing, isOfSeveral, write } = this.#options;
    if (isOfSeveral && this.#isFirstRound) {
      const named = results.map(([target, result]) => [nameOf(target), result] as const);
      write([...(this.#hasDrawn ? [""] : []), ...summaryLines(named, drawing)]);
    }
    this.#isFirstRound = false;
  }

  #changes(target: InspectTarget, changes: readonly Change[]): void {
    const { flags, write } = this.#options;
    const at = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const head = `${at}  ${nameOf(target)}`;
    if (changes.length === 0 && flags.verbose !== true) return;
    write([
      changes.length === 0 ? `${head}  no change` : head,
      ...changes.flatMap(({ what, mode, before, after }) => [
        `  ${what}${mode === null ? "" : ` (${mode})`}`,
        `    was  ${before ?? "not there"}`,
        `    is   ${after ?? "not there"}`,
      ]),
    ]);
  }
}

/** Whoever reads the file meanwhile gets the old report or the new one, whole. */
async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  try {
    await writeFile(fresh, text);
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError("SALLYPORT_REPORT_UNWRITABLE", `${file} cannot be written (${reason})`);
  }
}
