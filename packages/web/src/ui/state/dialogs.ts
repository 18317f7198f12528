import { signal } from "@preact/signals";
import type { EntryJson, OnConflict } from "../../api/api.ts";

/** What a person is asked at the moment. */
export type Question =
  | {
      readonly kind: "name";
      readonly title: string;
      readonly label: string;
      readonly initial: string;
      readonly action: string;
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
      readonly source: { readonly size: number; readonly modifiedMs: number };
      readonly target: EntryJson;
      readonly others: number;
      readonly answer: (choice: ConflictChoice | undefined) => void;
    }
  | { readonly kind: "certificate"; readonly answer: () => void }
  | { readonly kind: "details"; readonly path: string; readonly entry: EntryJson; readonly answer: () => void };

export interface ConflictChoice {
  readonly policy: Exclude<OnConflict, "ask">;
  readonly forAll: boolean;
}

export const question = signal<Question | undefined>(undefined);

export function askName(given: {
  title: string;
  label: string;
  initial: string;
  action: string;
}): Promise<string | undefined> {
  return new Promise((resolve) => (question.value = { kind: "name", ...given, answer: closing(resolve) }));
}

export function confirm(given: { title: string; text: string; action: string }): Promise<boolean> {
  return new Promise((resolve) => (question.value = { kind: "confirm", ...given, answer: closing(resolve) }));
}

export function askConflict(
  given: Pick<Extract<Question, { kind: "conflict" }>, "path" | "source" | "target" | "others">,
): Promise<ConflictChoice | undefined> {
  return new Promise((resolve) => (question.value = { kind: "conflict", ...given, answer: closing(resolve) }));
}

export function showCertificate(): void {
  question.value = { kind: "certificate", answer: () => (question.value = undefined) };
}

export function showDetails(path: string, entry: EntryJson): void {
  question.value = { kind: "details", path, entry, answer: () => (question.value = undefined) };
}

function closing<Answer>(resolve: (answer: Answer) => void): (answer: Answer) => void {
  return (answer) => {
    question.value = undefined;
    resolve(answer);
  };
}
