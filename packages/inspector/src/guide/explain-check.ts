import type { CheckSet } from "../checks/check.ts";
import { checks } from "../checks/table.ts";
import { fixFor } from "../fixes/fixes.ts";
import { remediesOf } from "../report/findings.ts";
import { checkGuide } from "./check-guide.ts";

/** What there is to know about the checks of one ID. */
export interface CheckExplanation {
  readonly id: string;
  readonly checks: readonly {
    readonly name: string;
    readonly title: string;
    readonly set: CheckSet;
    readonly reference: string;
  }[];
  readonly why: string;
  readonly fixes: readonly { readonly text: string; readonly products: Readonly<Record<string, string>> }[];
}

/** Says what the checks of an ID look at, why, and what mends what they find; undefined for an ID that is none. */
export function explainCheck(id: string): CheckExplanation | undefined {
  const own = checks.filter((row) => row.id === id);
  const entry = checkGuide[id];
  if (own.length === 0 || entry === undefined) return undefined;
  return {
    id,
    checks: own.map(({ name, title, set, reference }) => ({ name, title, set, reference })),
    why: entry.why,
    fixes: entry.fixes.map((fix) => ({ text: fixFor(fix, undefined), products: remediesOf(fix) })),
  };
}
