import type { RenderOptions } from "./render-terminal.ts";

/** What a program knows of the place where its output goes. */
export interface TerminalFacts {
  readonly isTerminal: boolean;
  /** Columns, where the terminal tells them. */
  readonly columns?: number | undefined;
  readonly environment: Readonly<Partial<Record<string, string>>>;
}

/**
 * Decides how to draw for a terminal or a file: FORCE_COLOR, else NO_COLOR and a dumb terminal, else whether it is a
 * terminal at all; COLUMNS, else what the terminal says, else 120; ASCII signs where the locale is named and has no
 * UTF-8.
 */
export function terminalSettings(facts: TerminalFacts): Pick<RenderOptions, "width" | "colour" | "glyphs"> {
  return { width: widthFor(facts), colour: wantsColour(facts), glyphs: glyphsFor(facts) };
}

const widthOfFiles = 120;

function wantsColour({ isTerminal, environment }: TerminalFacts): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = environment;
  if (force !== undefined) return force !== "0" && force !== "false";
  return isTerminal && (no ?? "") === "" && term !== "dumb";
}

function widthFor({ columns, environment }: TerminalFacts): number {
  const told = Number(environment["COLUMNS"]);
  return Number.isInteger(told) && told > 0 ? told : (columns ?? widthOfFiles);
}

function glyphsFor({ environment }: TerminalFacts): "unicode" | "ascii" {
  const locale = environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "UTF-8";
  return /utf-?8/i.test(locale) ? "unicode" : "ascii";
}
