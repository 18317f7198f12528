import type { CheckSet, FindingStatus, GradeCap } from "../checks/check.ts";
import type { TlsMode } from "../model/index.ts";

/** What one check found, on one mode or on the server. */
export interface Finding {
  /** The check's ID in the catalogue, such as `P1`. */
  readonly id: string;
  /** Tells checks of one ID apart, such as `clear-login`. */
  readonly check: string;
  readonly set: CheckSet;
  readonly title: string;
  readonly status: FindingStatus;
  /** A sentence without its full stop; for `not-tested` the reason. */
  readonly text: string;
  readonly mode: TlsMode | null;
  /** What was seen on the wire, escaped for a terminal. */
  readonly evidence: readonly string[];
  readonly cap: GradeCap | null;
  readonly fix: Fix | null;
  readonly reference: string;
}

/** What to do, for the product that the server says it is, else in general and for each product. */
export interface Fix {
  readonly text: string;
  readonly products: Readonly<Record<string, string>>;
}
