import type { ClientHelloFacts } from "../model/index.ts";
import type { ControlFacts, DataFacts, TrialFacts } from "./trial.ts";

/** What a client said in a trial, as the table of trials asks for it. */

/** Whether it got as far as sending a password inside TLS: with a sound server, the proof that it takes part. */
export function logsIn({ controls }: TrialFacts): boolean {
  return controls.some((control) => passwordIn(control, "tls"));
}

export function passwordIn({ heard }: ControlFacts, layer: "clear" | "tls"): boolean {
  return heard.some((line) => line.layer === layer && /^PASS\b/i.test(line.text));
}

/** Commands with a name or a password that anyone on the wire has read. */
export function clearLogin({ controls }: TrialFacts): readonly string[] {
  return controls.flatMap(({ heard }) =>
    heard
      .filter(({ layer, text }) => layer === "clear" && /^(?:USER|PASS|ACCT)\b/i.test(text))
      .map(({ text }) => `in clear: ${text}`),
  );
}

export function sentPasswordInClear({ controls }: TrialFacts): boolean {
  return controls.some((control) => passwordIn(control, "clear"));
}

export function dataOf({ controls }: TrialFacts): readonly DataFacts[] {
  return controls.flatMap(({ data }) => data);
}

export function helloOf({ controls }: TrialFacts): ClientHelloFacts | undefined {
  return controls.find(({ hello }) => hello !== undefined)?.hello;
}

/** How the client went away, as evidence that it did. */
export function leaving({ controls, program }: TrialFacts): readonly string[] {
  const refusals = controls.flatMap(({ refusal }) => (refusal === undefined ? [] : [`handshake given up: ${refusal}`]));
  const last = controls.at(-1)?.heard.at(-1);
  return [
    ...new Set(refusals),
    ...(refusals.length === 0 && last !== undefined ? [`last command: ${last.text}`] : []),
    ...(last === undefined && refusals.length === 0 ? ["it sent no command"] : []),
    ...(program === undefined ? [] : [programText(program)]),
  ];
}

export function programText({ exitCode, isTimedOut, said }: NonNullable<TrialFacts["program"]>): string {
  const end = isTimedOut ? "did not end by itself" : `ended with ${exitCode ?? "a signal"}`;
  return said === "" ? `the program ${end}` : `the program ${end}: ${said}`;
}
