import type { GradeLetter } from "../checks/check.ts";
import { gradeLetters } from "../checks/check.ts";
import { reasonsOf, worst, type Grade } from "../grade/grade.ts";
import type { TlsMode } from "../model/index.ts";
import type { Finding } from "../report/finding.ts";
import { reportVersion, type InspectReport } from "../report/report.ts";
import { logsIn, programText } from "./judging.ts";
import type { Trial, TrialFacts, TrialVerdict } from "./trial.ts";
import { isSound, trials } from "./trials.ts";

/** What a client did in all trials. */
export interface ClientReport {
  readonly version: typeof reportVersion;
  /** How the client was named, or the command that started it. */
  readonly client: string;
  readonly startedAt: string;
  readonly tookMs: number;
  readonly grade: Grade;
  readonly findings: readonly Finding[];
  readonly connections: { readonly control: number; readonly data: number };
  /** Whether the client came to every trial; without, its grade is of those that it came to. */
  readonly isPartial: boolean;
}

/** Judges what happened, trial by trial; what could not be tried says so. */
export function judgeTrials(
  played: ReadonlyMap<Trial["script"], TrialFacts>,
  about: Pick<ClientReport, "client" | "startedAt" | "tookMs">,
): ClientReport {
  const findings = trials.flatMap((trial) => findingsOf(trial, played));
  const all = [...played.values()];
  const control = all.reduce((sum, { controls }) => sum + controls.length, 0);
  const data = all.reduce((sum, { controls }) => sum + controls.flatMap((each) => each.data).length, 0);
  const isPartial = trials.some(({ script }) => (played.get(script)?.controls.length ?? 0) === 0);
  return {
    version: reportVersion,
    ...about,
    grade: gradeOf(findings),
    findings,
    connections: { control, data },
    isPartial,
  };
}

/** The report as that of an inspected server, for the forms that are drawn of one. */
export function asInspectReport(report: ClientReport): InspectReport {
  const { version, client, startedAt, tookMs, grade, findings, connections, isPartial } = report;
  return {
    ...{ version, startedAt, tookMs, waitedMs: 0, grade, findings, isPartial },
    host: client,
    address: "client",
    ports: { explicit: null, implicit: null },
    handshakes: { explicit: null, implicit: null, data: null },
    product: null,
    certificateUntil: null,
    only: null,
    judgement: null,
    connections: { ...connections, controlMax: connections.control },
  };
}

function findingsOf(trial: Trial, played: ReadonlyMap<Trial["script"], TrialFacts>): readonly Finding[] {
  const { id, name, title, reference, script, set = "default" } = trial;
  const base = { id, check: name, set, title, reference, mode: script.mode };
  const untested = (text: string): readonly Finding[] => [
    { ...base, status: "not-tested", text, evidence: [], cap: null, fix: null },
  ];
  const facts = played.get(script);
  if (facts === undefined || facts.controls.length === 0) return untested(absence(facts));
  const sound = soundFacts(script.mode, played);
  if (sound === undefined || sound.controls.length === 0)
    return untested("the client did not come to the sound server");
  const isProven = logsIn(sound) || sound.controls.some(({ heard }) => heard.some(({ text }) => /^PASS/i.test(text)));
  if (!isProven) return untested(notTakingPart(sound));
  const said = trial.judge(facts, sound);
  return "untested" in said ? untested(said.untested) : said.map((verdict) => ({ ...base, ...findingOf(verdict) }));
}

function absence(facts: TrialFacts | undefined): string {
  return facts?.program === undefined
    ? "the client did not come"
    : `the client did not come: ${programText(facts.program)}`;
}

/** Whoever does not log in where all is well proves nothing by not logging in elsewhere. */
function notTakingPart(sound: TrialFacts): string {
  const refusal = sound.controls.find((control) => control.refusal !== undefined)?.refusal;
  const why =
    refusal === undefined ? "" : `: it gave the handshake up (${refusal}); does it trust the authority of the trials?`;
  return `the client does not log in to the sound server either${why}`;
}

function soundFacts(mode: TlsMode, played: ReadonlyMap<Trial["script"], TrialFacts>): TrialFacts | undefined {
  const row = trials.find((trial) => trial.script.mode === mode && isSound(trial));
  return row && played.get(row.script);
}

function findingOf({ status, text, evidence, cap, advice }: TrialVerdict) {
  const fix = advice === undefined || status === "ok" ? null : { text: advice.text, products: advice.clients };
  return { status, text, evidence, cap: cap ?? null, fix };
}

function gradeOf(findings: readonly Finding[]): Grade {
  const reasons = reasonsOf(findings);
  const letterOn = (scale: "tls" | "policy"): GradeLetter =>
    worst([gradeLetters[1], ...reasons.filter((reason) => reason.scale === scale).map(({ letter }) => letter)]);
  const [tls, policy] = [letterOn("tls"), letterOn("policy")];
  return { overall: worst([tls, policy]), tls, policy, tlsIfTrusted: tls, score: null, reasons };
}
