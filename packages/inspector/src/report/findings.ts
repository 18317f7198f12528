import type { Check, FixName, Verdict } from "../checks/check.ts";
import { fixesFor, fixFor } from "../fixes/fixes.ts";
import { detectProduct, productNames, type DetectedProduct } from "../fixes/products.ts";
import type { FactName, Facts } from "../probes/gather.ts";
import type { Finding, Fix } from "./finding.ts";

/** Judges each check once, as soon as every fact that it takes is settled, and tells what it found. */
export class Judging {
  readonly #rows: readonly Check[];
  readonly #onFinding: (finding: Finding) => void;
  readonly #settled = new Set<FactName>();
  readonly #found = new Map<Check, readonly Finding[]>();
  #product: DetectedProduct | undefined;

  constructor(rows: readonly Check[], onFinding: (finding: Finding) => void) {
    this.#rows = rows;
    this.#onFinding = onFinding;
  }

  /** What the server says it is, which the first look at it shows. */
  get product(): DetectedProduct | undefined {
    return this.#product;
  }

  /** Everything found so far, in the order of the checks. */
  get findings(): readonly Finding[] {
    return this.#rows.flatMap((row) => this.#found.get(row) ?? []);
  }

  readonly settled = (facts: Facts, names: readonly FactName[]): void => {
    this.#product ??= detectProduct(facts);
    for (const name of names) this.#settled.add(name);
    for (const row of this.#rows) {
      if (this.#found.has(row) || !row.needs.every((name) => this.#settled.has(name))) continue;
      const findings = findingsOf(row, facts, this.#product);
      this.#found.set(row, findings);
      findings.forEach(this.#onFinding);
    }
  };
}

function findingsOf(row: Check, facts: Facts, product: DetectedProduct | undefined): readonly Finding[] {
  const { id, name, set, title, reference } = row;
  const base = { id, check: name, set, title, reference };
  const said = row.judge(facts, product?.product);
  if ("untested" in said) {
    return [{ ...base, status: "not-tested", text: said.untested, mode: null, evidence: [], cap: null, fix: null }];
  }
  return said.map((verdict) => ({
    ...base,
    status: verdict.status,
    text: verdict.text,
    mode: verdict.mode ?? null,
    evidence: verdict.evidence,
    cap: verdict.cap ?? null,
    fix: fixOf(verdict, product),
  }));
}

function fixOf({ fix, status }: Verdict, detected: DetectedProduct | undefined): Fix | null {
  if (fix === undefined || status === "ok") return null;
  return { text: fixFor(fix, detected?.product), products: detected === undefined ? remediesOf(fix) : {} };
}

/** What mends a fault, by the names of the products. */
export function remediesOf(fix: FixName): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fixesFor(fix)).map(([product, text]) => [productNames[product as keyof typeof productNames], text]),
  );
}
