import { terminalSettings } from "@sallyport/inspector/terminal";
import type { ClientFlags } from "../client-flags.ts";
import type { DisplayOptions } from "../terminal/progress-display.ts";
import type { Drawing } from "../terminal/table.ts";

/** How to draw on standard output; a file has no edge. */
export function outputDrawing(): Drawing {
  return drawingOn(process.stdout);
}

/** Where and how progress is shown: standard error, as long as nothing else is asked for. */
export function progressOptions(flags: ClientFlags): DisplayOptions {
  const { stderr } = process;
  const isDumb = process.env["TERM"] === "dumb";
  const kind = flags.quiet === true || flags.json === true ? "none" : stderr.isTTY && !isDumb ? "bars" : "lines";
  return { kind, drawing: drawingOn(stderr), write: (text) => void stderr.write(text) };
}

function drawingOn({ isTTY: isTerminal, columns }: NodeJS.WriteStream): Drawing {
  const settings = terminalSettings({ isTerminal, columns, environment: process.env });
  const hasEdge = isTerminal || process.env["COLUMNS"] !== undefined;
  return { glyphs: "unicode", ...settings, width: hasEdge ? settings.width : Number.POSITIVE_INFINITY };
}
