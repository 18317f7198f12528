import { signal } from "@preact/signals";
import type { EntryJson, OnConflict, ProblemJson } from "../../api/api.ts";
import type { Pane } from "./pane.ts";

/** What a person is asked at the moment. */
export type Question =
  | {
      readonly kind: "name";
      readonly title: string;
      readonly label: string;
      readonly initial: string;
      readonly action: string;
      /** Why a name will not do, for as long as it stands there. */
      readonly refuse?: ((name: string) => string | undefined) | undefined;
      /** Why the name that was given before would not do. */
      readonly problem?: ProblemJson | undefined;
      readonly answer: (name: string | undefined) => void;
    }
  | {
      readonly kind: "confirm";
      readonly title: string;
      readonly text: string;
      readonly action: string;
      readonly answer: (isSure: boolean) => void;
    }
  | {
      readonly kind: "conflict";
      readonly path: string;
      readonly source: { readonly size: number | undefined; readonly modifiedMs: number };
      readonly target: EntryJson;
      /** How many more it may concern. */
      readonly others: number;
      /** Whether the one choice is for all, without being asked. */
      readonly isForAll?: boolean;
      /** What is there may be the beginning of it. */
      readonly canResume?: boolean;
      readonly answer: (choice: ConflictChoice | undefined) => void;
    }
  | {
      readonly kind: "choice";
      readonly title: string;
      readonly text: string;
      readonly choices: readonly (readonly [value: string, text: string])[];
      readonly answer: (value: string | undefined) => void;
    }
  | { readonly kind: "certificate"; readonly answer: () => void }
  | { readonly kind: "details"; readonly pane: Pane; readonly entry: EntryJson; readonly answer: () => void };

export interface ConflictChoice {
  readonly policy: Exclude<OnConflict, "ask">;
  readonly forAll: boolean;
  /** Goes on with what is there, where that is the beginning of it; `policy` is for others. */
  readonly isResume?: boolean;
}

export const question = signal<Question | undefined>(undefined);

export function askName(given: {
  title: string;
  label: string;
  initial: string;
  action: string;
  refuse?: (name: string) => string | undefined;
  problem?: ProblemJson | undefined;
}): Promise<string | undefined> {
  return new Promise((resolve) => (question.value = { kind: "name", ...given, answer: closing(resolve) }));
}

export function confirm(given: { title: string; text: string; action: string }): Promise<boolean> {
  return new Promise((resolve) => (question.value = { kind: "confirm", ...given, answer: closing(resolve) }));
}

/** Asks which of several ways to go; undefined where none. */
export function askChoice<Value extends string>(given: {
  title: string;
  text: string;
  choices: readonly (readonly [value: Value, text: string])[];
}): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const answer = closing(resolve);
    question.value = { kind: "choice", ...given, answer: (value) => answer(value as Value | undefined) };
  });
}

export function askConflict(
  given: Pick<
    Extract<Question, { kind: "conflict" }>,
    "path" | "source" | "target" | "others" | "isForAll" | "canResume"
  >,
): Promise<ConflictChoice | undefined> {
  return new Promise((resolve) => (question.value = { kind: "conflict", ...given, answer: closing(resolve) }));
}

export function showCertificate(): void {
  question.value = { kind: "certificate", answer: () => (question.value = undefined) };
}

export function showDetails(pane: Pane, entry: EntryJson): void {
  question.value = { kind: "details", pane, entry, answer: () => (question.value = undefined) };
}

function closing<Answer>(resolve: (answer: Answer) => void): (answer: Answer) => void {
  return (answer) => {
    question.value = undefined;
    resolve(answer);
  };
}
