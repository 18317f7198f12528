import type { DialogueLine } from "./dialogues.ts";
import type { RenderOptions } from "./render-terminal.ts";
import { glyphTables, paint, wrap, type Tone } from "./terminal-text.ts";

/** Draws one line of a dialogue; what crossed the wire in clear carries the open sign, typed lines their prompt. */
export function renderDialogueLine(
  line: DialogueLine,
  options: Pick<RenderOptions, "width" | "colour" | "glyphs">,
): string[] {
  const signs = glyphTables[options.glyphs ?? "unicode"];
  const { lead, tone } = looks[line.kind];
  const seal = line.kind === "typed" || line.kind === "received" ? `${line.clear ? signs.open : signs.closed} ` : "  ";
  const text = `${seal}${lead}${line.text}`;
  const lines = line.kind === "outcome" ? ["", ...wrap(line.text, options.width)] : [text];
  return lines.map((drawn) => paint(drawn, toneOf(line, tone), options.colour));
}

const looks: Readonly<Record<DialogueLine["kind"], { readonly lead: string; readonly tone: Tone }>> = {
  started: { lead: "$ ", tone: "strong" },
  typed: { lead: "> ", tone: "plain" },
  received: { lead: "", tone: "plain" },
  said: { lead: "", tone: "plain" },
  outcome: { lead: "", tone: "plain" },
};

function toneOf(line: DialogueLine, tone: Tone): Tone {
  if (line.kind === "typed" || line.kind === "received") return line.clear ? "clear" : "encrypted";
  return line.asExpected === false ? "problem" : tone;
}
