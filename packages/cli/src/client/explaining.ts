import { explainFailure, type ExplainedCause, type FailureExplanation, type Fixer } from "@sallyport/client";
import { visibleText } from "../terminal/visible-text.ts";
import { wrapWords } from "../terminal/wrap-words.ts";
import type { ClientFailure } from "./client-failure.ts";

/** What is said about failures beyond their sentence. */
export interface Explaining {
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Explains the failures of one command: each kind once. */
export class FailureExplainer {
  readonly #wishes: Explaining;
  readonly #told = new Set<string>();

  constructor(wishes: Explaining) {
    this.#wishes = wishes;
  }

  /** For JSON, where it was asked for. */
  explanationOf(failure: ClientFailure): FailureExplanation | undefined {
    return this.#wishes.explain === true ? explainFailure(failure) : undefined;
  }

  /** Lines to stand behind the failure's sentence: the explanation, or that there is one. */
  linesBehind(failure: ClientFailure): readonly string[] {
    const { explain, json, quiet } = this.#wishes;
    if (explain !== true && (json === true || quiet === true)) return [];
    const explanation = explainFailure(failure);
    if (explanation === undefined) return [];
    if (explain !== true) {
      const hasSetting = explanation.causes.some(({ settings }) => settings.length > 0);
      return hasSetting && this.#isNew("hint") ? [hint] : [];
    }
    const kind = [explanation.code, ...explanation.causes.map(({ id }) => id)].join(" ");
    return this.#isNew(kind) ? explanationLines(explanation, process.stderr.columns ?? usualColumns) : [];
  }

  #isNew(kind: string): boolean {
    if (this.#told.has(kind)) return false;
    this.#told.add(kind);
    return true;
  }
}

const hint = "sallyport: The same command with --explain says why, and which setting of the server decides.";
const usualColumns = 100;
const columnsMax = 110;
const labelColumns = 17;

/** An explanation for a person. */
function explanationLines(explanation: FailureExplanation, columns: number): readonly string[] {
  const { whatHappened, product, causes } = explanation;
  const rows: (readonly [label: string, text: string])[] = [["What happened", whatHappened]];
  if (product !== undefined) rows.push(["Server", `${product.name}, going by "${product.evidence}"`]);
  causes.forEach((cause, at) => rows.push(...causeRows(cause, causes.length > 1 ? ` ${at + 1}` : "")));
  if (causes.length === 0) rows.push(["Why", "No cause is known for this; --verbose shows what was said."]);
  const width = Math.min(columns, columnsMax) - labelColumns;
  return rows.flatMap(([label, text]) => {
    const [first = "", ...rest] = wrapWords(visibleText(text), Math.max(width, 24));
    return [`  ${label}`.padEnd(labelColumns) + first, ...rest.map((line) => " ".repeat(labelColumns) + line)];
  });
}

function causeRows(cause: ExplainedCause, number: string): (readonly [label: string, text: string])[] {
  const { likelihood, text, settings, here, fixedBy, reference } = cause;
  const rows: (readonly [label: string, text: string])[] = [[`Why${number}`, `(${likelihood}) ${text}`]];
  settings.forEach(({ product, place, setting }, at) =>
    rows.push([
      at === 0 ? "At the server" : "",
      settings.length > 1 ? `${product}, ${place}: ${setting}` : `${place}: ${setting}`,
    ]),
  );
  if (here !== undefined) rows.push(["Here", here.flag === undefined ? here.text : `${here.text} (${here.flag})`]);
  rows.push(["Who can help", fixedBy.map((who) => fixers[who]).join(", or ")]);
  rows.push(["Read", reference]);
  return rows;
}

const fixers: Readonly<Record<Fixer, string>> = {
  administrator: "the server's administrator",
  you: "you",
  network: "whoever runs the network in between",
};
