import type { Product } from "../fixes/products.ts";
import type { TlsMode } from "../model/index.ts";
import type { FactName, Facts, FactTable } from "../probes/gather.ts";

/** `default` needs no login, `login` needs one, `deep` may cost connections without bound. */
export type CheckSet = "default" | "login" | "deep";

export type FindingStatus = "ok" | "warn" | "fail" | "info" | "not-tested";

/** Letters of a grade, best first; T: nobody vouches for the certificate, M: it is for another name. */
export const gradeLetters = ["A+", "A", "A-", "B", "C", "D", "E", "F", "M", "T"] as const;
export type GradeLetter = (typeof gradeLetters)[number];

/** What a finding does to a grade: no better than `letter` on that scale. */
export interface GradeCap {
  readonly scale: "tls" | "policy";
  readonly letter: GradeLetter;
}

/** What a check says of the facts. Evidence is what was seen, escaped for a terminal; without it nothing is said. */
export interface Verdict {
  readonly status: Exclude<FindingStatus, "not-tested">;
  /** A sentence without its full stop. */
  readonly text: string;
  readonly evidence: readonly string[];
  /** Where it holds for one mode alone. */
  readonly mode?: TlsMode;
  readonly cap?: GradeCap;
  /** Which fix helps; see grade/fixes.ts. */
  readonly fix?: FixName;
}

/** Faults that every product has its own remedy for. */
export type FixName =
  | "account-names"
  | "addresses"
  | "anonymous"
  | "bounce"
  | "certificate-chain"
  | "certificate-key"
  | "certificate-name"
  | "certificate-renew"
  | "certificate-staple"
  | "certificate-tlsa"
  | "certificate-trust"
  | "clear-control"
  | "close-notify"
  | "cut-upload"
  | "data-certificate"
  | "data-clear"
  | "early-data"
  | "explicit-tls"
  | "guesses"
  | "implicit-tls"
  | "injection"
  | "login-clear"
  | "outside-files"
  | "passive-address"
  | "passive-ports"
  | "resumption"
  | "resumption-binding"
  | "resumption-between-servers"
  | "same-certificate"
  | "server-update"
  | "stolen-data"
  | "tls-alpn"
  | "tls-groups"
  | "tls-suites"
  | "tls-versions"
  | "version-leak";

/** Says why a check has nothing to say. */
export interface Untested {
  readonly untested: string;
}

/** One row of the table: what is checked, by which facts, and how the facts are judged. */
export interface Check {
  /** As in the catalogue: a letter for its family, and a number. Checks of one thing share it. */
  readonly id: string;
  /** Tells checks of one ID apart. */
  readonly name: string;
  readonly set: CheckSet;
  readonly title: string;
  /** RFC and section, or the attack that it is about. */
  readonly reference: string;
  readonly needs: readonly FactName[];
  /** The product is for what only its own settings explain; undefined where the server does not say what it is. */
  judge(facts: Facts, product: Product | undefined): readonly Verdict[] | Untested;
}

/** The facts that a check asked for, all of them there. */
type Known<Name extends FactName> = { readonly [Needed in Name]: FactTable[Needed] };

/** Makes a row; its `judge` sees only the facts it names, and only when all of them were gathered. */
export function check<const Name extends FactName>(row: {
  readonly id: string;
  readonly name: string;
  readonly set?: CheckSet;
  readonly title: string;
  readonly reference: string;
  readonly needs: readonly Name[];
  judge(facts: Known<Name>, product: Product | undefined): Verdict | readonly Verdict[] | Untested;
}): Check {
  const { id, name, set = "default", title, reference, needs } = row;
  return {
    ...{ id, name, set, title, reference, needs },
    judge(facts, product) {
      const known: Partial<Record<FactName, unknown>> = {};
      for (const needed of needs) {
        const fact = facts[needed];
        if (fact.kind === "missing") return { untested: fact.reason };
        known[needed] = fact.value;
      }
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each needed fact was put there above
      const said = row.judge(known as Known<Name>, product);
      return "untested" in said || isList(said) ? said : [said];
    },
  };
}

function isList(said: Verdict | readonly Verdict[]): said is readonly Verdict[] {
  return Array.isArray(said);
}
