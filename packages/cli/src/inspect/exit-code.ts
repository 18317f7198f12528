import { isFailure, type InspectFailure, type InspectResult } from "@sallyport/inspector";

/** What scripts go by; of several servers the highest counts. */
export const inspectExitCodes = {
  good: 0,
  poor: 1,
  usage: 2,
  unreachable: 3,
  notFtp: 4,
  partial: 5,
  forbidden: 6,
} as const;
export type InspectExitCode = (typeof inspectExitCodes)[keyof typeof inspectExitCodes];

const failureCodes: Readonly<Record<InspectFailure["kind"], InspectExitCode>> = {
  "name-unknown": inspectExitCodes.unreachable,
  unreachable: inspectExitCodes.unreachable,
  "not-ftp": inspectExitCodes.notFtp,
  forbidden: inspectExitCodes.forbidden,
};

/** The exit code for what came of one server. */
export function exitCodeOf(result: InspectResult): InspectExitCode {
  if (isFailure(result)) return failureCodes[result.kind];
  if (result.isPartial) return inspectExitCodes.partial;
  return result.judgement?.isMet === false ? inspectExitCodes.poor : inspectExitCodes.good;
}

export function worstOf(codes: readonly InspectExitCode[]): InspectExitCode {
  return codes.reduce((one, other) => (other > one ? other : one), inspectExitCodes.good);
}
