import type { ExplainEvent, TlsMode } from "./events.ts";
import { summarise, type ModeSummary } from "./summary.ts";
import { adviceFor } from "./wording.ts";

/** What an explanation comes to, for programs. */
export interface Conclusion {
  readonly kind: "conclusion";
  readonly host: string;
  readonly ports: Readonly<Record<TlsMode, number>>;
  /**
   * `sound`: at least one mode keeps a login secret, and what else answers does too; `flawed`: something answers that
   * does not, or the certificate is not verified; `unreachable`: nothing answers.
   */
  readonly verdict: "sound" | "flawed" | "unreachable";
  readonly explicit: ModeSummary;
  readonly implicit: ModeSummary;
  /** One line that a person can act on. */
  readonly advice: string;
}

/** Sums up both modes and judges them. */
export function conclude(
  events: readonly ExplainEvent[],
  target: { readonly host: string; readonly ports: Readonly<Record<TlsMode, number>> },
): Conclusion {
  const { host, ports } = target;
  const explicit = summarise(events, "explicit");
  const implicit = summarise(events, "implicit");
  const both = [explicit, implicit];
  return {
    kind: "conclusion",
    host,
    ports,
    verdict: verdictOf(both),
    explicit,
    implicit,
    advice: adviceFor(both, ports, host),
  };
}

function verdictOf(summaries: readonly ModeSummary[]): Conclusion["verdict"] {
  const answering = summaries.filter(({ reached }) => reached !== "nothing");
  if (answering.length === 0) return "unreachable";
  const isSound = ({ reached, problem, verification }: ModeSummary) =>
    reached === "tls" && problem === undefined && verification?.verdict !== "failed";
  return answering.every(isSound) ? "sound" : "flawed";
}
