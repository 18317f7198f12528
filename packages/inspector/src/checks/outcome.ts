import { suiteName, versionName } from "@sallyport/protocol";
import type { HelloOutcome } from "../probes/hellos.ts";

/** An answer as evidence. */
export function outcomeText(outcome: HelloOutcome | undefined): string {
  if (outcome === undefined) return "not asked";
  return outcomeTexts[outcome.kind](outcome as never);
}

const outcomeTexts: {
  readonly [Kind in HelloOutcome["kind"]]: (outcome: Extract<HelloOutcome, { kind: Kind }>) => string;
} = {
  hello: ({ hello }) => `ServerHello ${versionName(hello.version)} ${suiteName(hello.cipherSuite)}`,
  alert: ({ alert }) => `alert ${alert}`,
  clear: ({ line }) => `clear text: ${line}`,
  ssl2: () => "SERVER-HELLO of SSL 2.0",
  malformed: () => "malformed records",
  closed: () => "connection closed",
  silent: () => "silence",
  missing: ({ text }) => `not asked: ${text}`,
};

/** Whether it was asked at all; silence is an answer to some questions. */
export function wasAsked(outcome: HelloOutcome | undefined): boolean {
  return outcome !== undefined && outcome.kind !== "missing";
}

/** Whether a server took what was offered; undefined where that stays open. */
export function isTaken(outcome: HelloOutcome | undefined): boolean | undefined {
  if (outcome === undefined || outcome.kind === "missing" || outcome.kind === "silent") return undefined;
  return outcome.kind === "hello" || outcome.kind === "ssl2";
}

/** The version that was agreed on. */
export function versionOf(outcome: HelloOutcome | undefined): number | undefined {
  return outcome?.kind === "hello" ? outcome.hello.version : undefined;
}
