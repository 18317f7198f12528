import type { CheckSet } from "../checks/check.ts";
import { paint, wrap } from "../explain/terminal-text.ts";
import type { CheckExplanation } from "./explain-check.ts";

const widthMax = 100;
const widthMin = 40;
const setWords: Readonly<Record<CheckSet, string>> = {
  default: "",
  login: "; needs a login",
  deep: "; takes --deep",
};

/** Draws what there is to know about a check, as lines no longer than the terminal is wide. */
export function renderCheckExplanation(
  { id, checks, why, fixes }: CheckExplanation,
  { width, colour }: { readonly width: number; readonly colour: boolean },
): readonly string[] {
  const columns = Math.max(widthMin, Math.min(width, widthMax));
  const block = (text: string, indent: number) => wrap(text, columns - indent).map((line) => " ".repeat(indent) + line);
  const heading = (text: string) => ["", paint(text, "strong", colour)];
  return [
    paint(id, "strong", colour),
    ...checks.flatMap(({ title, reference, set }) => [
      ...block(title, 2),
      ...block(`(${reference}${setWords[set]})`, 4),
    ]),
    ...heading("Why"),
    ...block(why, 2),
    ...(fixes.length === 0 ? [] : heading("How to mend it")),
    ...fixes.flatMap(({ text, products }) => [
      ...block(text, 2),
      ...Object.entries(products).flatMap(([product, setting]) => block(`${product}: ${setting}`, 4)),
    ]),
  ];
}
